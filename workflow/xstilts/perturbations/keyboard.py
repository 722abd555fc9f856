"""Typing errors: a letter of a neighbouring key."""

import functools

from xstilts.languages import LANGUAGES, Language
from xstilts.perturbations._hangul import variants
from xstilts.perturbations._keyboards import layouts, neighbours
from xstilts.perturbations._letters import lower, marks, upper
from xstilts.perturbations.base import Edits, Span, Units
from xstilts.perturbations.edits import perturbation, pick

LANGUAGES_WITH_LAYOUT = frozenset(layouts())


def sites(units: Units, language: Language) -> list[Span]:
    """Letters that have a key with neighbours."""
    return [(index, index + 1) for index, unit in enumerate(units) if _slips(unit, language.code)]


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """What the neighbouring key writes."""
    return pick(_slips(units[span[0]], language.code), choice)


@functools.cache
def _slips(unit: str, language: str) -> tuple[str, ...]:
    """The clusters that one wrong key gives; Korean syllables are typed letter by letter."""
    near = neighbours(language)
    if language == "ko":
        return tuple(variants(unit, near))
    base, rest = unit[0], marks(unit)
    if base in near:
        return tuple(letter + rest for letter in near[base])
    small = lower(base, language)
    capitals = [upper(letter, language) for letter in near.get(small, "")]
    # German ß has no capital of one letter, and the capital of Greek final sigma is that of sigma.
    return tuple(capital + rest for capital in capitals if len(capital) == 1 and capital != base)


PERTURBATION = perturbation(
    Edits(sites, rewrite),
    name="keyboard",
    scripts=frozenset(LANGUAGES[code].script for code in LANGUAGES_WITH_LAYOUT),
    languages=LANGUAGES_WITH_LAYOUT,
    description="letters become those of neighbouring keys on the language's own layout (Korean: letter by letter in"
    " a syllable; Japanese: kana keys)",
    source="`key` of Belinkov & Bisk (2018, section 4.1); layouts: the national standards named in `_keyboards.py`",
    version=2,
)
