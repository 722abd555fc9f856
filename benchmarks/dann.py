"""Does `dann` hide the language from a linear probe that it was not trained against?

    python benchmarks/dann.py --results results/miniature [--seeds 1 2 3 4] [--epochs 2] [--options JSON]

The tagging recipe of a finished default study is trained with `standard` and with `dann` from every seed. Printed are
English dev, the accuracy of `dann`'s own discriminator (per cent; between dev scores), and the held-out accuracy of a
fresh linear probe, English against each language, on mean-pooled states of the last layer: mean over the languages. The
last line is one JSON object: both accuracies, and the probe's with `dann` minus that with `standard` with its 95 %
interval over seeds (paired, Student's t). A probe at 50 knows nothing; a discriminator below chance was misled.
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

import numpy as np
from scipy.stats import ttest_1samp

from xstilts import tasks
from xstilts.analysis.measures.probe import language_probe
from xstilts.analysis.pairs import Pairs
from xstilts.analysis.sentences import read_pairs
from xstilts.evaluation.sentences import SentenceEncoder
from xstilts.study import load_study, recipes
from xstilts.training import methods
from xstilts.training.job import train

STUDY = Path(__file__).parents[1] / "config.yaml"
PEERS = {"standard": "pos", "dann": "pos_dann"}


def probed(checkpoint: Path, results: Path, languages: list[str]) -> float:
    """The probe's accuracy on the last layer (per cent), mean over the languages."""
    encoder = SentenceEncoder(
        checkpoint, {"layer": None, "sweep": False, "pooling": ["mean"], "max_length": 128, "batch_tokens": None}
    )
    data = results / "data/mini_bitext/clean"
    found = []
    for language in languages:
        sentences = read_pairs(tasks.get("mini_bitext"), data, data, language, 200)
        english, other = (encoder.encode(texts)[0] for texts in (sentences.english, sentences.other))
        found.append(language_probe(Pairs(english, other, None)))
    return statistics.mean(found)


def trained(recipe: dict[str, Any], results: Path, languages: list[str]) -> tuple[dict[str, Any], float]:
    """Manifest and probe of one run."""
    text = results / "data/mini_text/train" if recipe["text"] else None
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        output = Path(folder) / "out"
        manifest = train(
            recipe, results / "encoders/mini", [results / "data/mini_pos/train"], output, "benchmark", text=text
        )
        return manifest, probed(output, results, languages)


def main() -> None:
    """Train, probe and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results/miniature"), help="a finished default study")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--epochs", type=float, help="instead of the study's")
    parser.add_argument("--options", type=json.loads, default={}, help="options of dann (JSON)")
    arguments = parser.parse_args()
    study = load_study(STUDY)
    languages = [language for language in study.targets["nli"].languages if language not in ("en", "el")]
    probes: dict[str, list[float]] = {name: [] for name in PEERS}
    last = []
    for seed in arguments.seeds:
        for name, arm in PEERS.items():
            recipe = recipes.intermediate_recipe(study, "mini", arm, seed)
            recipe["epochs"] = arguments.epochs or recipe["epochs"]
            if name == "dann":
                recipe["methods"] = methods.resolve("dann", {"dann": arguments.options})
            manifest, probe = trained(recipe, arguments.results, languages)
            probes[name].append(probe)
            seen = [report["accuracy"] for report in manifest["history"]["method"]]
            last += seen[-1:]
            about = f"{name} seed {seed}: English dev {manifest['history']['best_score']:.1f}, probe {probe:.2f}"
            print(about + "".join(f", discriminator {value:.1f}" for value in seen), flush=True)
    differences = np.subtract(probes["dann"], probes["standard"])
    interval = ttest_1samp(differences, 0).confidence_interval()
    print(
        json.dumps(
            {
                "seeds": len(arguments.seeds),
                "probe": {name: round(statistics.mean(values), 2) for name, values in probes.items()},
                "difference": round(float(differences.mean()), 2),
                "interval": [round(float(bound), 2) for bound in interval],
                "discriminator": round(statistics.mean(last), 1),
                "chance": round(100 / len(study.intermediate["pos_dann"].text.languages), 1),
            }
        )
    )


if __name__ == "__main__":
    main()
