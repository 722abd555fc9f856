"""Diacritics where none belong."""

from xstilts.languages import Language
from xstilts.perturbations._diacritics import SCRIPTS, accented
from xstilts.perturbations.base import Edits, Span, Units
from xstilts.perturbations.edits import perturbation, pick


def sites(units: Units, language: Language) -> list[Span]:
    """Letters without a diacritic that can take one."""
    script = language.script
    return [(index, index + 1) for index, unit in enumerate(units) if accented(unit, script)]


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The letter with one of the diacritics it can take."""
    return pick(accented(units[span[0]], language.script), choice)


PERTURBATION = perturbation(
    Edits(sites, rewrite),
    name="diacritics_add",
    scripts=SCRIPTS,
    description="plain letters get a diacritic they can take (Arabic and Hebrew: a vowel point; Thai: a tone mark)",
    source="Unicode compositions (no publication followed)",
)
