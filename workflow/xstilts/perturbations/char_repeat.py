"""Doubling letters."""

from xstilts.languages import Language
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import letter_sites, perturbation


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The letter twice."""
    return units[span[0]] * 2


PERTURBATION = perturbation(
    Edits(letter_sites, rewrite),
    name="char_repeat",
    scripts=ALL_SCRIPTS,
    description="letters are written twice",
    source="a key pressed twice (no publication followed)",
)
