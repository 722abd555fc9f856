"""Shuffling whole words."""

from xstilts.languages import Language
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import perturbation, shuffled, word_sites


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The word's letters in another order."""
    return "".join(shuffled(units[span[0] : span[1]], choice))


PERTURBATION = perturbation(
    Edits(word_sites(2, lambda word: word), rewrite),
    name="scramble_full",
    scripts=ALL_SCRIPTS,
    unit="word",
    description="all letters of a word are shuffled",
    source="`fully random` of Belinkov & Bisk (2018, section 4.1)",
)
