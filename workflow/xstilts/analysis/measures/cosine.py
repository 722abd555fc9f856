"""Cosines of translations, against those of other sentences."""

from typing import TYPE_CHECKING

from xstilts.analysis.measures.base import Measure

if TYPE_CHECKING:
    from xstilts.analysis.pairs import Pairs


def margin(pairs: "Pairs") -> float:
    """Mean over pairs of the cosine divided by the mean of both sentences' mean cosines with their neighbours."""
    around = (pairs.forward.similarities.mean(1) + pairs.backward.similarities.mean(1)) / 2
    return float((pairs.cosines / around).mean()) if (around > 0).all() else float("nan")


def gap(pairs: "Pairs") -> float:
    """Mean cosine of pairs minus the mean cosine of all sentences with others than their counterparts."""
    n = len(pairs.cosines)
    paired = float(pairs.cosines.sum())
    every = float(pairs.english_sum @ pairs.other_sum)
    return paired / n - (every - paired) / (n * (n - 1))


MEASURES = (
    Measure(
        "margin",
        "cosine margin",
        "mean ratio of a pair's cosine to that of both sentences with their 4 nearest; above 1: closer than neighbours",
        "Artetxe and Schwenk 2019 (ACL), ratio margin, k = 4",
        3,
        margin,
    ),
    Measure(
        "cosine_gap",
        "cosine of pairs − others",
        "mean cosine of pairs minus that of non-pairs, from -2 to 2",
        "plain means",
        4,
        gap,
        (-2, 2),
    ),
)
