"""Upper case for lower case and the reverse."""

import functools

from xstilts.languages import Language
from xstilts.perturbations._letters import lower, upper
from xstilts.perturbations.base import Edits, Span, Units
from xstilts.perturbations.edits import perturbation


def sites(units: Units, language: Language) -> list[Span]:
    """Letters whose other case is one letter too."""
    return [(index, index + 1) for index, unit in enumerate(units) if _flipped(unit, language.code) != unit]


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The letter in the other case."""
    return _flipped(units[span[0]], language.code)


@functools.cache
def _flipped(unit: str, language: str) -> str:
    flipped = lower(unit, language) if unit[0].isupper() else upper(unit, language)
    return flipped if len(flipped) == len(unit) else unit


PERTURBATION = perturbation(
    Edits(sites, rewrite),
    name="case",
    scripts=frozenset({"Cyrl", "Grek", "Latn"}),
    description="letters change between upper and lower case (Turkish and Azerbaijani have their own i)",
    source="case pairs of the Unicode Character Database (no publication followed)",
)
