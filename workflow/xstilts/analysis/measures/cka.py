"""Linear centred kernel alignment of a language's vectors with their English counterparts'."""

from typing import TYPE_CHECKING

from xstilts.analysis.measures.base import Measure

if TYPE_CHECKING:
    from xstilts.analysis.pairs import Pairs


def cka(pairs: "Pairs") -> float:
    """Debiased linear CKA of both sides; 1 if they are equal up to rotation, scale and shift, about 0 if unrelated."""
    return pairs.linear_cka("english", "other")


MEASURES = (
    Measure(
        "cka",
        "linear CKA with English",
        "similarity of the geometry of both sides; 1: the same up to rotation and scale, about 0: unrelated",
        "Kornblith et al. 2019 (ICML), linear CKA; unbiased HSIC as in Nguyen et al. 2021 (ICLR)",
        5,
        cka,
        (-1, 1),
    ),
)
