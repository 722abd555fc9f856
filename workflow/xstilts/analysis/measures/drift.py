"""How far training has moved a language's vectors from where the pretrained encoder had them."""

from typing import TYPE_CHECKING

from xstilts.analysis.measures.base import Measure

if TYPE_CHECKING:
    from xstilts.analysis.pairs import Pairs


def similarity(pairs: "Pairs") -> float:
    """Debiased linear CKA of the same sentences in checkpoint and pretrained encoder."""
    return pairs.linear_cka("other", "other_before")


def distance(pairs: "Pairs") -> float:
    """Mean over sentences of one minus the cosine of their vectors in checkpoint and pretrained encoder."""
    return 1 - float(pairs.mean_cosine("other", "other_before"))


MEASURES = (
    Measure(
        "pretrained_cka",
        "linear CKA with pretrained",
        "similarity of the geometry to the pretrained encoder's for the same sentences; 1: not moved",
        "Kornblith et al. 2019 (ICML), linear CKA; unbiased HSIC as in Nguyen et al. 2021 (ICLR)",
        7,
        similarity,
        (-1, 1),
        reference=True,
    ),
    Measure(
        "pretrained_distance",
        "distance from pretrained",
        "mean cosine distance between the vectors of checkpoint and pretrained encoder; 0: not moved",
        "mean cosine distance of the same sentences",
        8,
        distance,
        (0, 2),
        reference=True,
    ),
)
