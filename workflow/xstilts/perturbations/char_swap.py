"""Swapping neighbouring letters."""

from xstilts.languages import Language
from xstilts.perturbations._letters import runs
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import perturbation


def sites(units: Units, language: Language) -> list[Span]:
    """Two different letters side by side."""
    return [
        (index, index + 2)
        for start, stop, _ in runs(units, language)
        for index in range(start, stop - 1)
        if units[index] != units[index + 1]
    ]


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The second letter, then the first."""
    return units[span[0] + 1] + units[span[0]]


PERTURBATION = perturbation(
    Edits(sites, rewrite, rate=0.5),  # a letter may be swapped with either neighbour
    name="char_swap",
    scripts=ALL_SCRIPTS,
    description="neighbouring letters change places",
    source="DeepWordBug (Gao et al. 2018)",
)
