"""Difficulty from how training went: English dev scores, and dataset cartography (Swayamdipta et al. 2020)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Found = dict[str, Any]


def dev_error(manifest: Mapping[str, Any]) -> list[Found]:
    """100 - English dev score of the weights that were kept, per stream of tasks."""
    history = manifest["history"]
    best = next(entry for entry in history["dev"] if entry["step"] == history["best_step"])
    return [_found(manifest, name, "dev_error", 100 - score) for name, score in _scores(manifest, best).items()]


def curve_area(manifest: Mapping[str, Any]) -> list[Found]:
    """Mean English dev error along training: the area above the learning curve, by trapezoids over its dev scores.

    One dev score is a curve of one point. The curve begins at the first dev score, not before training.
    """
    curve = manifest["history"]["dev"]
    steps = np.array([entry["step"] for entry in curve], dtype=float)
    found = []
    for name in _scores(manifest, curve[0]):
        errors = np.array([100 - _scores(manifest, entry)[name] for entry in curve])
        area = np.trapezoid(errors, steps) / (steps[-1] - steps[0]) if len(steps) > 1 else errors[0]
        found.append(_found(manifest, name, "curve_area", float(area)))
    return found


def cartography(path: Path, measure: str) -> list[Found]:
    """Mean over training rows of one of cartography's three coordinates, per task.

    ``confidence``: mean over epochs of the gold answer's probability; ``variability``: its standard deviation;
    ``correctness``: share of epochs in which it was the most probable (their count, divided by the epochs).
    """
    import pandas as pd

    table = pd.read_parquet(path)
    rows = table.groupby(["task", "id"]).agg(
        confidence=("probability", "mean"),
        variability=("probability", lambda values: float(np.std(values))),
        correctness=("correct", "mean"),
    )
    means = rows[measure].groupby("task").agg(["mean", "size"])
    return [
        {"task": str(task), "measure": measure, "value": float(mean), "n": int(size)}
        for task, mean, size in means.itertuples()
    ]


def _scores(manifest: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, float]:
    found: Mapping[str, float] = entry.get("tasks") or {"+".join(manifest["recipe"]["tasks"]): entry["score"]}
    return found


def _found(manifest: Mapping[str, Any], task: str, measure: str, value: float) -> Found:
    return {"task": task, "measure": measure, "value": value, "n": manifest["rows"]["dev"]}
