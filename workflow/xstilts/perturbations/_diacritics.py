"""Which marks count as diacritics in a script, and where they may go.

Vowel signs of Indic scripts and Thai are letters in all but name and are left alone; there the diacritics are nukta,
nasalisation and (Thai) tone marks. Cyrillic has few: й ї ё ў.
"""

import functools
import unicodedata

# Of precomposed letters and of sequences alike; others than these are part of the letter.
_MARKS = {
    "Latn": "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u031b\u0323\u0326\u0327\u0328",
    "Grek": "\u0301\u0308",
    "Cyrl": "\u0306\u0308",
    "Arab": "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0653\u0654\u0655",
    "Hebr": "\u05b0\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9\u05bb\u05bc",
    "Deva": "\u093c\u0901\u0902",
    "Beng": "\u09bc\u0981",
    "Guru": "\u0a3c\u0a70\u0a71\u0a02",
    "Gujr": "\u0abc\u0a81\u0a82",
    "Thai": "\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c",
    "Jpan": "\u3099\u309a",
}
# What may be added to any letter of the script; to the others' letters, whatever composes with them.
_ADDED = {
    "Arab": "\u064e\u064f\u0650\u0652",
    "Hebr": "\u05b4\u05b5\u05b6\u05b7\u05b8",
    "Deva": "\u0902",
    "Beng": "\u0981",
    "Guru": "\u0a70",
    "Gujr": "\u0a82",
    "Thai": "\u0e48\u0e49",
}
# What their names in Unicode begin with: digits and signs of a script take no diacritic.
_NAMES = {
    "Arab": "ARABIC LETTER",
    "Hebr": "HEBREW LETTER",
    "Deva": "DEVANAGARI LETTER",
    "Beng": "BENGALI LETTER",
    "Guru": "GURMUKHI LETTER",
    "Gujr": "GUJARATI LETTER",
    "Thai": "THAI CHARACTER",
}
# Letters with a stroke through them, which Unicode does not decompose.
_STROKED = {"đ": "d", "Đ": "D", "ł": "l", "Ł": "L"}
_THAI_CONSONANTS = ("\u0e01", "\u0e2e")
_VIRAMA = 9  # its canonical combining class
_SARA_AM = "\u0e33"
SCRIPTS = frozenset(_MARKS)
# Languages whose words carry none, but for the odd loan.
PLAIN = frozenset({"en", "id", "jv", "ms", "sw", "tl"})


@functools.cache
def without(unit: str, script: str) -> str:
    """The cluster without its diacritics."""
    if unit in _STROKED and script == "Latn":
        return _STROKED[unit]
    decomposed = unicodedata.normalize("NFD", unit)
    if not any(char in _MARKS[script] for char in decomposed[1:]):
        return unit
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in _MARKS[script]))


@functools.cache
def accented(unit: str, script: str) -> tuple[str, ...]:
    """The cluster with one diacritic, for each that fits; empty where it has one already."""
    if not unit[0].isalpha() or without(unit, script) != unit:
        return ()
    if script not in _ADDED:
        composed = [unicodedata.normalize("NFC", unit + mark) for mark in _MARKS[script]]
        return tuple(text for text in composed if len(text) == 1)
    if not unicodedata.name(unit[0], "").startswith(_NAMES[script]) or unicodedata.combining(unit[-1]) == _VIRAMA:
        return ()
    if script == "Thai" and not _THAI_CONSONANTS[0] <= unit[0] <= _THAI_CONSONANTS[1]:
        return ()
    base, tail = (unit[:-1], unit[-1]) if unit.endswith(_SARA_AM) else (unit, "")
    return tuple(base + mark + tail for mark in _ADDED[script])
