"""What does each training method cost beside `standard`?

    python benchmarks/methods.py --results results/miniature [--examples 640] [--repeats 5]

The encoder and the NLI data of a finished default study are trained on for one epoch with every method, in turn, in one
process. Counted are the seconds of the manifest's phase `train`: steps, without start, dev scores and saving. The last
line is one JSON object: a method's seconds over those of `standard` in the same repeat (lower is better), as median,
minimum and maximum.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from xstilts.study import parse_study, recipes
from xstilts.study.model import Study
from xstilts.training.job import train
from xstilts.training.methods import registry

TASK, TEXT = "mini_nli", "mini_text"


def study_of(names: list[str], examples: int) -> Study:
    """A study with one intermediate recipe per method."""
    wants_text = {name: {"text": {"task": TEXT}} if registry()[name].needs_text else {} for name in names}
    return parse_study(
        {
            "study": "methods",
            "encoders": {"mini": {"kind": "mini"}},
            "training": {"examples": examples, "epochs": 1, "learning_rate": 5e-4, "max_length": 128, "evaluations": 1},
            "intermediate": {
                "none": {},
                **{name: {"tasks": [TASK], "training": {"method": name}, **wants_text[name]} for name in names},
            },
            "targets": {"nli": {"task": TASK}},
        }
    )


def seconds_of(recipe: dict[str, Any], results: Path, folder: Path) -> float:
    """Seconds of a run's steps."""
    data = results / "data" / TASK / "train"
    text = results / "data" / TEXT / "train" if recipe["text"] else None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        manifest = train(
            recipe,
            results / "encoders" / "mini",
            [data],
            folder / "out",
            "benchmark",
            state=folder / "state",
            text=text,
        )
    return float(manifest["phases"]["train"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results/miniature"), help="a finished default study")
    parser.add_argument("--examples", type=int, default=640)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    names = ["standard", *sorted(set(registry()) - {"standard"})]
    study = study_of(names, arguments.examples)
    turns: list[dict[str, float]] = []
    for number in range(arguments.repeats):
        turn = {}
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                recipe = recipes.intermediate_recipe(study, "mini", name, 1)
                turn[name] = seconds_of(recipe, arguments.results, Path(folder))
        turns.append(turn)
        print(f"turn {number + 1}: " + ", ".join(f"{name} {value:.2f} s" for name, value in turn.items()), flush=True)
    found = {}
    for name in names[1:]:
        ratios = [turn[name] / turn["standard"] for turn in turns]
        summary = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
        found[name] = {key: round(value, 2) for key, value in summary.items()}
    print(json.dumps({"examples": arguments.examples, "repeats": arguments.repeats, "vs_standard": found}))


if __name__ == "__main__":
    main()
