"""Shuffling the inside of words."""

from xstilts.languages import Language
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import perturbation, shuffled, word_sites


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The word with its inner letters in another order."""
    first, *inner, last = units[span[0] : span[1]]
    return "".join([first, *shuffled(inner, choice), last])


PERTURBATION = perturbation(
    Edits(word_sites(4, lambda word: word[1:-1]), rewrite),
    name="scramble_middle",
    scripts=ALL_SCRIPTS,
    unit="word",
    description="the letters of a word of four or more are shuffled, its first and last stay",
    source="`middle random` of Belinkov & Bisk (2018, section 4.1)",
)
