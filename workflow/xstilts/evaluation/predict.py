"""Scoring one checkpoint on one target under one condition, in every language."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from xstilts import metrics, tasks
from xstilts.artifacts import MANIFEST, atomic_file, read_json, sha256_file, write_json
from xstilts.data.read import load_rows
from xstilts.evaluation.retrieval import retrieve_from_pools, retrieve_pairs
from xstilts.models.heads import HEADS, Head
from xstilts.models.load import load_model, load_tokenizer
from xstilts.training.batching import real_tokens
from xstilts.training.loop import predict_logits
from xstilts.training.parallel import prepare_torch
from xstilts.training.progress import Progress


def evaluate(
    recipe: Mapping[str, Any], run: Mapping[str, Any], checkpoint: Path, data: Path, predictions: Path, scores: Path
) -> None:
    """Predict every test row and write predictions (Parquet) and their metrics (JSON).

    Args:
        recipe: a resolved evaluation recipe (:mod:`xstilts.study.recipes`).
        run: the words that name the run in the score table.
        checkpoint: what to score; a retrieval task reads its encoder.
        data: prepared test rows, clean or perturbed.
        predictions: Parquet file to write, one row per example.
        scores: JSON file to write.
    """
    task = tasks.get(recipe["task"])
    languages = {language: load_rows(data, "test", language) for language in recipe["languages"]}
    label = "/".join(str(run[word]) for word in ("intermediate", "target", "seed"))
    progress = Progress(f"{label}/{recipe['condition']}", len(languages))
    if task.type == "retrieval":
        found, rows = retrieve_pairs(recipe, checkpoint, languages, progress)
    elif task.type == "pool_retrieval":

        def pool_of(language: str) -> list[dict[str, Any]]:
            return load_rows(data, "pool", language)

        found, rows = retrieve_from_pools(recipe, checkpoint, languages, pool_of, progress)
    else:
        found, rows = _fine_tuned(recipe, task, checkpoint, languages, progress)
    write_results(recipe, run, checkpoint, data, found, rows, predictions, scores)


def write_results(
    recipe: Mapping[str, Any],
    run: Mapping[str, Any],
    checkpoint: Path,
    data: Path,
    found: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    predictions: Path,
    scores: Path,
) -> None:
    """Write predictions (Parquet, one row per example) and their metric rows with what they came from (JSON)."""
    _write_parquet(found, predictions)
    write_json(
        scores,
        {
            **run,
            "task": recipe["task"],
            "condition": recipe["condition"],
            "strength": recipe["strength"],
            "metrics": list(rows),
            "edit_rate": read_json(data / MANIFEST).get("edit_rate", {}),
            "inputs": {
                "checkpoint": sha256_file(checkpoint / "manifest.json"),
                "data": sha256_file(data / "manifest.json"),
                "predictions": sha256_file(predictions),
            },
            "recipe": dict(recipe),
        },
    )


def load_fine_tuned(task: tasks.Task, checkpoint: Path, device: torch.device) -> tuple[Any, Head, Mapping[str, Any]]:
    """A fine-tuned model on a device, its head, and the recipe it was trained by."""
    made = read_json(checkpoint / MANIFEST)
    trained = made["recipe"]
    head_class = HEADS[task.type]
    head = head_class(task.labels, load_tokenizer(checkpoint), trained | made.get("decoding", {}))
    return load_model(checkpoint, head_class.auto_class).to(device), head, trained


def _fine_tuned(
    recipe: Mapping[str, Any],
    task: tasks.Task,
    checkpoint: Path,
    languages: Mapping[str, list[dict[str, Any]]],
    progress: Progress,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    device = prepare_torch()
    model, head, trained = load_fine_tuned(task, checkpoint, device)
    found: list[dict[str, Any]] = []
    scored: list[dict[str, Any]] = []
    for done, (language, rows) in enumerate(languages.items(), 1):
        items = head.encode(rows, train=False)
        logits = predict_logits(model, head, items, device, recipe["batch_tokens"], trained["precision"])
        predictions = head.decode(rows, items, logits)
        found += predictions
        scored += score_language(task.type, task.metrics, language, predictions)
        progress.step(done, len(rows), real_tokens(items), language)
    return found, scored


def score_language(
    task_type: str, names: Sequence[str], language: str, predictions: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Metric rows of one language, in percent."""
    return [
        {
            "language": language,
            "metric": name,
            "value": metrics.score(task_type, name, predictions),
            "n": len(predictions),
        }
        for name in names
    ]


def _write_parquet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    with atomic_file(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), temporary, compression="zstd")
