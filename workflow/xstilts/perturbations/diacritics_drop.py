"""Diacritics left out, as people do who type without them."""

from xstilts.languages import LANGUAGES, Language
from xstilts.perturbations._diacritics import PLAIN, SCRIPTS, without
from xstilts.perturbations.base import Edits, Span, Units
from xstilts.perturbations.edits import perturbation

# Hebrew is written without points to begin with.
_SCRIPTS = SCRIPTS - {"Hebr"}


def sites(units: Units, language: Language) -> list[Span]:
    """Clusters with a diacritic."""
    script = language.script
    return [(index, index + 1) for index, unit in enumerate(units) if without(unit, script) != unit]


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The cluster without its diacritics."""
    return without(units[span[0]], language.script)


PERTURBATION = perturbation(
    Edits(sites, rewrite),
    name="diacritics_drop",
    scripts=_SCRIPTS,
    languages=frozenset(code for code, found in LANGUAGES.items() if found.script in _SCRIPTS) - PLAIN,
    description="letters lose their diacritics (Indic: nukta and nasalisation; Thai: tone marks; Japanese: voicing;"
    " Arabic script: vowel points, hamza and madda)",
    source="Unicode decompositions (no publication followed); languages whose spelling has diacritics",
)
