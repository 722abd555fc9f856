"""Characters that do not show."""

from xstilts.languages import Language
from xstilts.perturbations._letters import runs
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import perturbation, pick

# Zero-width space, non-joiner and joiner, and the soft hyphen.
CHARACTERS = ("\u200b", "\u200c", "\u200d", "\u00ad")


def sites(units: Units, language: Language) -> list[Span]:
    """Letters with a letter to their right."""
    return [(index, index + 1) for start, stop, _ in runs(units, language) for index in range(start, stop - 1)]


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The letter and an invisible character."""
    return units[span[0]] + pick(CHARACTERS, choice)


PERTURBATION = perturbation(
    Edits(sites, rewrite),
    name="invisible",
    scripts=ALL_SCRIPTS,
    description="a zero-width space, joiner, non-joiner or soft hyphen follows a letter inside a word",
    source="the invisible characters of Boucher et al. (2022), Bad Characters",
)
