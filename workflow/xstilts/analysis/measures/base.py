"""What a measure of alignment is. Light to import: a study checks the names of measures when it is parsed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xstilts.analysis.pairs import Pairs


@dataclass(frozen=True)
class Measure:
    """One number about the sentence pairs of a language in one layer.

    Attributes:
        name: the word in studies and tables.
        title: its name in figures.
        description: what it is, with its range.
        source: where its definition comes from.
        order: place among the measures.
        of: computes it; NaN where the vectors leave it undefined (all of them equal, say).
        scale: its lowest and highest possible values.
        reference: whether it compares with the pretrained encoder's vectors.
    """

    name: str
    title: str
    description: str
    source: str
    order: int
    of: Callable[["Pairs"], float]
    scale: tuple[float, float] = (-math.inf, math.inf)
    reference: bool = False
