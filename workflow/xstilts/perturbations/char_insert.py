"""Inserting random letters."""

from xstilts.languages import Language
from xstilts.perturbations._letters import other_letter, pool
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import letter_sites, perturbation


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The letter and another one of its script and case."""
    unit = units[span[0]]
    return unit + other_letter(unit, pool(unit[0], language.script), choice)


PERTURBATION = perturbation(
    Edits(letter_sites, rewrite),
    name="char_insert",
    scripts=ALL_SCRIPTS,
    description="a random letter of the script follows a letter",
    source="DeepWordBug (Gao et al. 2018)",
)
