"""Which clusters are letters, which run of them is a word, and which letters may stand in for one."""

import functools
from typing import Any

from xstilts.languages import Language
from xstilts.perturbations._alphabets import UNICODE_SCRIPTS, alphabet
from xstilts.perturbations.base import Span, Units

# Scripts that put no space between words.
SPACELESS = frozenset({"Han", "Hiragana", "Katakana", "Myanmar", "Thai"})
# Blocks of the conjoining letters of Hangul. A cluster may hold other letters that are marks: Thai and Lao "am".
_CONJOINING = (("\u1100", "\u11ff"), ("\ua960", "\ua97f"), ("\ud7b0", "\ud7ff"))
# Turkish and Azerbaijani pair the letters with a dot and those without.
_DOTTED = {"i": "İ", "ı": "I"}
_UNDOTTED = {upper: lower for lower, upper in _DOTTED.items()}
_DOTTED_LANGUAGES = ("az", "tr")
# There a "word" is a piece of this many clusters, the fewest of which a scramble can move some and keep both ends.
_PIECE = 4


def pools(units: Units, language: Language) -> list[str]:
    """The alphabet of each cluster's script; empty where the cluster is no letter of a script with an alphabet."""
    script = language.script
    return [pool(unit[0], script) for unit in units]


def words(units: Units, language: Language) -> list[Span]:
    """Runs of letter clusters, in order; of a script without spaces, pieces of four clusters."""
    found: list[Span] = []
    for start, stop, spaceless in runs(units, language):
        if spaceless:
            found += [(piece, min(piece + _PIECE, stop)) for piece in range(start, stop, _PIECE)]
        else:
            found.append((start, stop))
    return found


def runs(units: Units, language: Language) -> list[tuple[int, int, bool]]:
    """Runs of letter clusters ``(start, stop, spaceless)``; one ends where scripts with and without spaces meet."""
    found: list[tuple[int, int, bool]] = []
    start, kind = 0, ""
    for index, unit in enumerate(units):
        here = _kind(unit[0], language.script)
        if here != kind:
            if kind:
                found.append((start, index, kind == "spaceless"))
            start, kind = index, here
    if kind:
        found.append((start, len(units), kind == "spaceless"))
    return found


def other_letter(unit: str, letters: str, choice: float) -> str:
    """A letter for ``unit``'s base letter, another one, in its case."""
    position = int(choice * len(letters))
    letter = letters[position] if letters[position] != unit[0].lower() else letters[position - 1]
    return letter.upper() if unit[0].isupper() else letter


def marks(unit: str) -> str:
    """What a cluster carries after its base letter.

    A Hangul syllable may be spelled as several conjoining letters: what follows the first is no mark.
    """
    return "" if any(first <= unit[1:2] <= last for first, last in _CONJOINING) else unit[1:]


def lower(letter: str, language: str) -> str:
    """The letter in lower case as the language (ISO 639-1) has it."""
    return _UNDOTTED.get(letter, letter.lower()) if language in _DOTTED_LANGUAGES else letter.lower()


def upper(letter: str, language: str) -> str:
    """The letter in upper case as the language (ISO 639-1) has it."""
    return _DOTTED.get(letter, letter.upper()) if language in _DOTTED_LANGUAGES else letter.upper()


def spaceless(char: str) -> bool:
    """Whether the character is a letter of a script that puts no space between words."""
    return _script(char) in SPACELESS


@functools.cache
def pool(char: str, language_script: str) -> str:
    """The alphabet of the script a cluster's first character belongs to; empty if it is not a letter of one."""
    script = _script(char)
    if script == "Han" and language_script == "Jpan":
        script = "Kanji"
    return alphabet(script) if script else ""


@functools.cache
def _kind(char: str, language_script: str) -> str:
    if not pool(char, language_script):
        return ""
    return "spaceless" if spaceless(char) else "spaced"


@functools.cache
def _script(char: str) -> str:
    letter, scripts = _patterns()
    if not letter.match(char):
        return ""
    return next((name for name, pattern in scripts.items() if pattern.match(char)), "")


@functools.cache
def _patterns() -> tuple[Any, dict[str, Any]]:
    import regex

    # Burmese vowel signs and tones (Mc) are clusters of their own.
    letter = regex.compile(r"[\p{L}\p{Mc}]")
    return letter, {name: regex.compile(rf"\p{{Script_Extensions={name}}}") for name in UNICODE_SCRIPTS}
