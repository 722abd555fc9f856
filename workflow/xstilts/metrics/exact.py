"""Accuracy of single answers: classification, multiple choice, retrieval."""

from collections.abc import Mapping, Sequence
from typing import Any


def accuracy(predictions: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Right answers over answers; ``pred`` and ``gold`` are labels, choice numbers or ids."""
    return [(float(row["pred"] == row["gold"]), 1.0) for row in predictions]
