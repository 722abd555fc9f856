"""Substituting letters by random ones."""

from xstilts.languages import Language
from xstilts.perturbations._letters import marks, other_letter, pool
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import letter_sites, perturbation


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """Another letter of the script and case under the same marks."""
    unit = units[span[0]]
    return other_letter(unit, pool(unit[0], language.script), choice) + marks(unit)


PERTURBATION = perturbation(
    Edits(letter_sites, rewrite),
    name="char_substitute",
    scripts=ALL_SCRIPTS,
    description="letters become random letters of the script; marks on them stay",
    source="DeepWordBug (Gao et al. 2018)",
    version=2,
)
