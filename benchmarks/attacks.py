"""Our greedy character attack beside TextAttack's DeepWordBug: same model, examples, budget and machine.

    python benchmarks/attacks.py CHECKPOINT DATA [--language en] [--examples 500] [--edits 3] [--queries 100]
        [--textattack PYTHON]

CHECKPOINT is a fine-tuned classification checkpoint, DATA prepared test rows of its task. PYTHON is the interpreter of
an environment with TextAttack in it, which is no dependency of this project; without it only our own numbers appear.
The examples are the first that the model gets right. Both may change every text of a pair. TextAttack's recipe has its
Levenshtein constraint replaced by the budget of words. Prints queries, seconds, queries per second and success of both,
and ratios.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from xstilts import languages, perturbations, robustness, tasks
from xstilts.artifacts import read_json
from xstilts.data.read import load_rows
from xstilts.evaluation.predict import load_fine_tuned
from xstilts.robustness.engine import run
from xstilts.robustness.success import Judge
from xstilts.robustness.victim import Victim
from xstilts.training.parallel import prepare_torch

# Runs in TextAttack's environment; it gets the rows as JSON and prints one JSON object.
_PEER = """
import collections, json, sys, time
import textattack, torch, transformers
from textattack.attack_recipes import DeepWordBugGao2018
from textattack.attack_results import SuccessfulAttackResult
job = json.load(open(sys.argv[1]))
model = transformers.AutoModelForSequenceClassification.from_pretrained(job["checkpoint"]).eval()
tokenizer = transformers.AutoTokenizer.from_pretrained(job["checkpoint"])
wrapper = textattack.models.wrappers.HuggingFaceModelWrapper(model, tokenizer)
attack = DeepWordBugGao2018.build(wrapper)
attack.goal_function.query_budget = job["queries"]
attack.constraints = [c for c in attack.constraints if "Levenshtein" not in type(c).__name__]
attack.constraints.append(textattack.constraints.overlap.MaxWordsPerturbed(max_num_words=job["edits"]))
began, queries, success = time.perf_counter(), 0, 0
for texts, label in job["examples"]:
    example = collections.OrderedDict(zip(("premise", "hypothesis"), texts)) if texts[1] else texts[0]
    result = attack.attack(example, label)
    queries += result.num_queries
    success += isinstance(result, SuccessfulAttackResult)
print(json.dumps({"queries": queries, "seconds": time.perf_counter() - began, "success": success}))
"""


def ours(
    victim: Victim, judge: Judge, rows: list[dict[str, Any]], language: str, budget: robustness.Budget
) -> dict[str, float]:
    """Attack the rows with ``greedy_char``."""
    attack = robustness.get("greedy_char")
    edits = [perturbations.get(name) for name in attack.perturbations]
    began = time.perf_counter()
    found = list(run(attack, victim, judge, rows, languages.get(language), edits, budget))
    seconds = time.perf_counter() - began
    return {
        "queries": sum(one.queries for one in found),
        "seconds": seconds,
        "success": sum(one.success for one in found),
    }


def peers(python: str, checkpoint: Path, job: dict[str, Any]) -> dict[str, float]:
    """Attack the same texts with TextAttack."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(job | {"checkpoint": str(checkpoint.resolve())}), encoding="utf-8")
        done = subprocess.run([python, "-c", _PEER, str(path)], stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Run both and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--language", default="en")
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--edits", type=int, default=3)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--textattack", metavar="PYTHON")
    arguments = parser.parse_args()
    task = tasks.get(read_json(arguments.data / "manifest.json")["task"])
    device = prepare_torch()
    model, head, trained = load_fine_tuned(task, arguments.checkpoint, device)
    victim = Victim(model, head, device, None, trained["precision"])
    judge = Judge(task.type, task.metrics[0], head.labels)
    rows = load_rows(arguments.data, "test", arguments.language)
    rows = [row for row, found in zip(rows, victim.predict(rows), strict=True) if judge.right(found)]
    rows = rows[: arguments.examples]
    budget = robustness.Budget(arguments.edits, arguments.queries)
    results = {"ours": ours(victim, judge, rows, arguments.language, budget)}
    if arguments.textattack:
        examples = [((row["text_a"], row["text_b"]), task.labels.index(row["label"])) for row in rows]
        job = {"examples": examples, "edits": arguments.edits, "queries": arguments.queries}
        results["textattack"] = peers(arguments.textattack, arguments.checkpoint, job)
    print(f"{len(rows)} examples, at most {arguments.edits} words edited, {arguments.queries} queries each")
    for name, found in results.items():
        rate = found["queries"] / found["seconds"]
        share = 100 * found["success"] / len(rows)
        print(
            f"{name:<12}{found['queries']:8.0f} queries {found['seconds']:8.1f} s {rate:8.1f} /s success {share:5.1f} %"
        )
    if "textattack" in results:
        mine, other = results["ours"], results["textattack"]
        speed = mine["queries"] / mine["seconds"] / (other["queries"] / other["seconds"])
        print(f"ratios: queries/s {speed:.1f}, success {mine['success'] / max(1, other['success']):.2f}")


if __name__ == "__main__":
    main()
