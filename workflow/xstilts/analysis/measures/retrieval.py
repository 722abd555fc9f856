"""How often the nearest sentence by cosine is the translation."""

from functools import partial
from typing import TYPE_CHECKING

from xstilts.analysis.measures.base import Measure

if TYPE_CHECKING:
    from xstilts.analysis.pairs import Pairs

SOURCE = "Artetxe and Schwenk 2019 (TACL), the Tatoeba task, as XTREME (Hu et al. 2020) scores it"


def hits(pairs: "Pairs", direction: str) -> float:
    """Percentage of sentences whose nearest one on the other side is their own counterpart."""
    nearest = getattr(pairs, direction).ids[:, 0]
    return 100 * sum(int(found == place) for place, found in enumerate(nearest)) / len(nearest)


MEASURES = (
    Measure(
        "p_at_1_from_english",
        "P@1, English queries (%)",
        "percentage of English sentences whose nearest sentence of the language is their translation",
        SOURCE,
        1,
        partial(hits, direction="forward"),
        (0, 100),
    ),
    Measure(
        "p_at_1_to_english",
        "P@1, English candidates (%)",
        "percentage of the language's sentences whose nearest English sentence is their translation",
        SOURCE,
        2,
        partial(hits, direction="backward"),
        (0, 100),
    ),
)
