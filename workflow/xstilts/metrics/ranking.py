"""Retrieval from a pool: average precision of rankings, and F1 of mined pairs."""

from collections.abc import Mapping, Sequence
from typing import Any

Prediction = Mapping[str, Any]

# XTREME-R (Ruder et al. 2021) evaluates the first 20 candidates of LAReQA and of Mewsli-X.
TOP = 20


def map_20(predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """Average precision of the first 20 ids in ``pred``, of which ``gold`` names the right ones.

    XTREME-R's for LAReQA, where the divisor is the number of right answers but at most 20. With a single right answer
    it is the reciprocal rank, which is XTREME-R's for Mewsli-X.
    """
    return [(_average_precision(row["pred"][:TOP], row["gold"]), 1.0) for row in predictions]


def bucc_f1(predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """Twice the right pairs over mined plus gold pairs: BUCC's F1 when summed over source sentences.

    ``mined`` is the one target sentence that a source sentence was paired with, or None; ``gold`` lists the right ones.
    """
    return [
        (2.0 * (row["mined"] in row["gold"]), float(row["mined"] is not None) + len(row["gold"])) for row in predictions
    ]


def _average_precision(ranked: Sequence[str], gold: Sequence[str]) -> float:
    wanted, hits, total = set(gold), 0, 0.0
    for rank, found in enumerate(ranked, 1):
        if found in wanted:
            wanted.remove(found)
            hits += 1
            total += hits / rank
    return total / min(len(set(gold)), TOP) if gold else 0.0
