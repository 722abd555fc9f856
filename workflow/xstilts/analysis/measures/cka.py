"""Linear centred kernel alignment of a language's vectors with their English counterparts'."""

from typing import TYPE_CHECKING

from xstilts.analysis.measures.base import Measure

if TYPE_CHECKING:
    from xstilts.analysis.pairs import Pairs


def cka(pairs: "Pairs") -> float:
    """Linear CKA of both sides; 1 if they are equal up to rotation, scale and shift."""
    return pairs.linear_cka("english", "other")


MEASURES = (
    Measure(
        "cka",
        "linear CKA with English",
        "similarity of the geometry of both sides, from 0 to 1; not below (n small: biased upwards)",
        "Kornblith et al. 2019 (ICML), linear CKA",
        5,
        cka,
        (0, 1),
    ),
)
