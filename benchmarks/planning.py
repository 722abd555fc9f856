"""How long do a dry run and a plan of a large study take, and in how much memory?

    python benchmarks/planning.py [--quick] [--runs 1000 10000]

A run is one encoder, intermediate recipe, target and seed; it leaves a checkpoint that is scored clean and under one
perturbation, all seeds in one job. The generated study has five seeds, eight targets of XTREME and XTREME-R, and as
many recipes (ten tasks by five methods, and direct fine-tuning) and encoders as the runs need. studies/phang2020.yaml
follows, as it is and with every intermediate recipe in five methods. Nothing has run yet, and no data are read.

Each is planned in child processes of its own, one after the other:

- floor: Snakemake's dry run of a workflow of as many jobs and files, with rules of a few lines that compute nothing:
  what the graph itself costs
- dry run: ``snakemake --dry-run --quiet all``
- plan: ``xstilts plan``

Seconds are wall time, and CPU time for machines that are busy with other work; memory is the peak resident set. The
last line is one JSON object. ``--quick`` plans the study of 1,000 runs only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from xstilts.tasks.benchmarks import TRAINED_ON

ROOT = Path(__file__).parents[1]
SEEDS = [1, 2, 3, 4, 5]
TARGETS = ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "xcopa")
TASKS = ("mnli", "snli", "anli", "qqp", "squad", "squad_v2", "hellaswag", "cosmosqa", "commonsenseqa", "copa")
METHODS = ("standard", "fgm", "freelb", "char_noise", "char_adversarial")
ENCODER = {
    "kind": "hub",
    "id": "FacebookAI/xlm-roberta-large",
    "revision": "c23d21b0620b635a76227c604d44e43a9f0ee389",
}
# A smaller study has half the recipes, so that its data and encoder are shared by as many runs.
RECIPES, MANY = {False: 25, True: 50}, 5000
# The same shape: a chain of checkpoints, each with two files, and scores that read those of all seeds, and data.
FLOOR = """
ARMS, SEEDS, CONDITIONS = config["arms"], config["seeds"], config["conditions"]
rule all:
    input: "report.html"
rule data:
    output: "data/{name}.json"
    shell: "x"
rule encoder:
    output: "encoder/{encoder}/manifest.json", "encoder/{encoder}/model.safetensors"
    shell: "x"
rule intermediate:
    input: "encoder/{e}/manifest.json", "encoder/{e}/model.safetensors", "data/train.json"
    output: "checkpoints/{e}/{i}/{s}/manifest.json", "checkpoints/{e}/{i}/{s}/model.safetensors"
    wildcard_constraints: e="[^/]+", i="[^/]+", s="seed[0-9]+"
    shell: "x"
rule target:
    input: "checkpoints/{e}/{i}/{s}/manifest.json", "checkpoints/{e}/{i}/{s}/model.safetensors", "data/{t}.json"
    output: "checkpoints/{e}/{i}/{t}/{s}/manifest.json", "checkpoints/{e}/{i}/{t}/{s}/model.safetensors"
    wildcard_constraints: e="[^/]+", i="[^/]+", t="[^/]+", s="seed[0-9]+"
    shell: "x"
rule evaluate:
    input:
        [f"checkpoints/{{e}}/{{i}}/{{t}}/seed{s}/{n}" for s in SEEDS for n in ("manifest.json", "model.safetensors")],
        [f"data/{{t}}_{c}.json" for c in CONDITIONS]
    output: "predictions/{e}/{i}/{t}/manifest.json"
    wildcard_constraints: e="[^/]+", i="[^/]+", t="[^/]+"
    shell: "x"
rule scores:
    input: [f"predictions/{arm}/manifest.json" for arm in ARMS]
    output: "scores.csv"
    shell: "x"
rule questions:
    input: "scores.csv"
    output: "answers.csv"
    shell: "x"
rule report:
    input: "answers.csv"
    output: "report.html"
    shell: "x"
"""


def study(runs: int) -> dict[str, Any]:
    """A study of so many runs.

    Raises:
        SystemExit: seeds, targets and recipes do not divide that number.
    """
    recipes = RECIPES[runs >= MANY]
    encoders, rest = divmod(runs, len(SEEDS) * len(TARGETS) * recipes)
    if rest or not encoders:
        raise SystemExit(f"--runs {runs}: allowed are multiples of 1000, from {MANY} on of 2000")
    trained = [(task, method) for task in TASKS for method in METHODS][: recipes - 1]
    return {
        "study": f"runs_{runs}",
        "title": "Many runs",
        "description": "As many runs as asked for.",
        "seeds": SEEDS,
        "encoders": {f"encoder{number}": ENCODER for number in range(1, encoders + 1)},
        "training": {"learning_rate": 1e-5, "batch_size": 32, "epochs": 2, "max_length": 256},
        "intermediate": {"none": {}} | {f"{task}_{method}": recipe(task, method) for task, method in trained},
        "targets": {name: {"task": name, "train": TRAINED_ON.get(name, [name])} for name in TARGETS},
        "conditions": {"char_noise_10": {"perturbation": "char_noise", "strength": 0.1}},
    }


def recipe(task: str, method: str) -> dict[str, Any]:
    """An intermediate recipe as a study file has it."""
    return {"tasks": [task], "training": {"batch_size": 24, "method": method}}


def with_methods(study: dict[str, Any]) -> dict[str, Any]:
    """A study with each of its intermediate recipes in every method; its questions name recipes, so they go."""
    found = {}
    for name, plain in study["intermediate"].items():
        for method in METHODS if plain.get("tasks") else [METHODS[0]]:
            training = plain.get("training", {}) | ({} if method == METHODS[0] else {"method": method})
            found[name if method == METHODS[0] else f"{name}_{method}"] = plain | (
                {"training": training} if training else {}
            )
    return {key: value for key, value in study.items() if key != "questions"} | {
        "study": f"{study['study']}_methods",
        "intermediate": found,
    }


def bare(study: dict[str, Any]) -> dict[str, Any]:
    """What the floor's workflow is told of a generated study: its arms, seeds and conditions."""
    arms = [
        f"{encoder}/{intermediate}/{target}"
        for encoder in study["encoders"]
        for intermediate in study["intermediate"]
        for target in study["targets"]
    ]
    return {"arms": arms, "seeds": study["seeds"], "conditions": ["clean", *study["conditions"]]}


def measure(command: list[str], folder: Path) -> dict[str, float]:
    """Run a command; its wall and CPU seconds and peak memory (MB).

    Raises:
        SystemExit: it failed.
    """
    log = folder / "said.txt"
    began = time.perf_counter()
    with log.open("w") as said:
        child = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        # Not resource.RUSAGE_CHILDREN, which is the largest of all children so far.
        _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: failed\n{log.read_text()[-2000:]}")
    wall, busy = time.perf_counter() - began, usage.ru_utime + usage.ru_stime
    return {"seconds": round(wall, 1), "cpu_seconds": round(busy, 1), "peak_mb": round(usage.ru_maxrss / 1024)}


def ways(study: dict[str, Any], folder: Path, *, floor: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """Measure every way to plan a study."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    snakemake = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", "--directory", str(folder)]
    if floor:
        (folder / "Snakefile").write_text(FLOOR)
        (folder / "floor.json").write_text(json.dumps(bare(study)))
        yield "floor", measure([*snakemake, "--snakefile", "Snakefile", "--configfile", "floor.json"], folder)
    yield "dry run", measure([*snakemake, "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(path)], folder)
    yield "plan", measure([sys.executable, "-m", "xstilts", "plan", str(path), "--directory", str(folder)], folder)


def jobs(folder: Path) -> int:
    """Jobs of the study that was planned last, as the plan's last row counts them."""
    for line in (folder / "said.txt").read_text().splitlines():
        if line.startswith("total"):
            return int(line.split()[1])
    raise SystemExit("the plan has no total")


def main() -> None:
    """Plan every study in every way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1,000 runs only")
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 10000])
    arguments = parser.parse_args()
    studies = {f"{runs} runs": study(runs) for runs in ([1000] if arguments.quick else arguments.runs)}
    generated = set(studies)
    if not arguments.quick:
        phang = yaml.safe_load((ROOT / "studies" / "phang2020.yaml").read_text())
        studies |= {"phang2020": phang, "phang2020, five methods": with_methods(phang)}
    found: dict[str, Any] = {}
    columns = "{:<26}{:<10}{:>8}{:>10}{:>10}{:>10}"
    print(columns.format("study", "way", "jobs", "seconds", "CPU s", "peak MB"), flush=True)
    for name, config in studies.items():
        with tempfile.TemporaryDirectory() as place:
            measured = dict(ways(config, Path(place), floor=name in generated))
            found[name] = {"jobs": jobs(Path(place)), **measured}
        for way, cost in measured.items():
            print(columns.format(name, way, found[name]["jobs"], *cost.values()), flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
