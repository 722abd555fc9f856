"""Dropping letters."""

from xstilts.languages import Language
from xstilts.perturbations._letters import runs
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import perturbation


def sites(units: Units, language: Language) -> list[Span]:
    """Every letter but a word's first, so that no word vanishes."""
    return [(index, index + 1) for start, stop, _ in runs(units, language) for index in range(start + 1, stop)]


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """Nothing."""
    return ""


PERTURBATION = perturbation(
    Edits(sites, rewrite),
    name="char_delete",
    scripts=ALL_SCRIPTS,
    description="letters are dropped, a word's first never",
    source="DeepWordBug (Gao et al. 2018)",
)
