"""Attacking one checkpoint on one target, in every language: predictions and scores as an evaluation writes them.

A finished example is appended to a state file at once, so that a killed attack goes on where it was. (Other examples
share its passes then, and logits may differ in their last digits.)
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts import metrics, perturbations, robustness, tasks
from xstilts.artifacts import digest, sha256_file
from xstilts.data.prepare import sample
from xstilts.data.read import load_rows
from xstilts.evaluation.predict import load_fine_tuned, score_language
from xstilts.evaluation.results import write_results
from xstilts.languages import LANGUAGES
from xstilts.perturbations.rows import editable_texts
from xstilts.robustness.engine import Outcome, run
from xstilts.robustness.success import Judge
from xstilts.robustness.victim import Victim
from xstilts.training.parallel import prepare_torch
from xstilts.training.progress import Progress

Found = dict[str, Any]


def attack(
    recipe: Mapping[str, Any],
    words: Mapping[str, Any],
    checkpoint: Path,
    data: Path,
    state: Path,
    predictions: Path,
    scores: Path,
    resources: Mapping[str, Any] | None = None,
) -> None:
    """Attack test rows and write predictions on what was found (Parquet) and the metrics (JSON).

    Args:
        recipe: a resolved attack recipe (:mod:`xstilts.study.recipes`).
        words: the words that name the run in the score table.
        checkpoint: what to attack.
        data: clean prepared test rows.
        state: folder for the file of finished examples; it is removed at the end.
        predictions: Parquet file to write, one row per example.
        scores: JSON file to write.
        resources: paths that the options stand for.
    """
    task = tasks.get(recipe["task"])
    device = prepare_torch()
    model, head, trained = load_fine_tuned(task, checkpoint, device)
    victim = Victim(model, head, device, recipe["batch_tokens"], trained["precision"])
    inputs = [dict(recipe), sha256_file(checkpoint / "manifest.json"), sha256_file(data / "manifest.json")]
    finished = _Finished(state / f"{digest(inputs)[:16]}.jsonl")
    label = f"{words['intermediate']}/{words['target']}/seed{words['seed']}"
    progress = Progress(f"{label}/{recipe['condition']}", len(recipe["languages"]))
    found: list[Found] = []
    scored: list[dict[str, Any]] = []
    for step, language in enumerate(recipe["languages"], 1):
        rows = load_rows(data, "test", language)
        if recipe["examples"] is not None:
            rows = sample(rows, recipe["examples"], task.name, "test")
        known = finished.of(language)
        for outcome in _attacked(recipe, victim, task, language, [r for r in rows if r["id"] not in known], resources):
            known[outcome.row["id"]] = finished.add(_record(task, outcome))
        inside = [known[row["id"]] for row in rows]
        found += inside
        scored += _scores(task, language, inside)
        progress.step(step, len(rows), 0, f"{language} {sum(row['success'] for row in inside)} broken")
    write_results(recipe, words, checkpoint, data, found, scored, predictions, scores)
    finished.path.unlink(missing_ok=True)


def _attacked(
    recipe: Mapping[str, Any],
    victim: Victim,
    task: tasks.Task,
    language: str,
    rows: Sequence[dict[str, Any]],
    resources: Mapping[str, Any] | None,
) -> Iterator[Outcome]:
    found = [
        perturbations.configured({name: 1.0}, perturbations.own_options(name, recipe["options"]), resources)
        for name in recipe["perturbations"]
    ]
    budget = robustness.Budget(recipe["budget"]["edits"], recipe["budget"]["queries"])
    attack = robustness.get(recipe["attack"])
    judge = Judge(task.type, task.metrics[0], victim.head.labels)
    return run(attack, victim, judge, rows, LANGUAGES[language], found, budget)


def _record(task: tasks.Task, outcome: Outcome) -> Found:
    """One row of the predictions: that on the text found, that on the clean text, and what it took."""
    return {
        **outcome.prediction,
        "clean_pred": outcome.clean["pred"],
        "attacked": outcome.attacked,
        "success": outcome.success,
        "edits": outcome.edits,
        "queries": outcome.queries,
        "texts": editable_texts(task.type, outcome.row),
    }


def _scores(task: tasks.Task, language: str, found: Sequence[Found]) -> list[dict[str, Any]]:
    """The task's metrics under attack and, as ``clean_…``, of the same examples without; and what the attack did.

    ``attack_success``: percent of the attacked examples (those right to begin with); ``attack_edits``: mean changed
    grapheme clusters of the successful ones; ``attack_queries``: mean queries of the attacked ones.
    """
    clean = [row | {"pred": row["clean_pred"]} for row in found]
    attacked = [row for row in found if row["attacked"]]
    broken = [row for row in attacked if row["success"]]
    rows = score_language(task.type, task.metrics, language, found)
    rows += [
        {
            "language": language,
            "metric": f"clean_{name}",
            "value": metrics.score(task.type, name, clean),
            "n": len(clean),
        }
        for name in task.metrics
    ]
    means = {
        "attack_success": [100.0 * row["success"] for row in attacked],
        "attack_edits": [float(row["edits"]) for row in broken],
        "attack_queries": [float(row["queries"]) for row in attacked],
    }
    return rows + [
        {"language": language, "metric": name, "value": sum(values) / len(values), "n": len(values)}
        for name, values in means.items()
        if values
    ]


class _Finished:
    """Examples that are done, one JSON line each; a line cut short by a kill is dropped and its example done again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Found]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = 0
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break
                row = json.loads(line)
                self.rows.setdefault(row["language"], {})[row["id"]] = row
                whole += len(line)
            os.truncate(path, whole)

    def of(self, language: str) -> dict[str, Found]:
        return self.rows.setdefault(language, {})

    def add(self, row: Found) -> Found:
        with self.path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        return row
