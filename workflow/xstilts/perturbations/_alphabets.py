"""The letters that random noise draws from, per script.

Where languages of one benchmark share a script, the alphabet holds the letters they have in common, so that noise
never gives a language away. For the large character sets it is the set that national standards call common: drawing
uniformly from the Unicode blocks would nearly always give characters that no encoder has seen.
"""

import functools
import unicodedata

_SHARED = {
    "Latin": "abcdefghijklmnopqrstuvwxyz",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "Cyrillic": "абвгдежзийклмнопрстуфхцчшщьюя",  # Russian, Bulgarian and Ukrainian; Kazakh has all of them
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقلمنو",  # Arabic, Persian and Urdu
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "Katakana": "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "Hiragana": "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
}

# First and last code point of the consonants (for Georgian: the modern alphabet) in the script's Unicode block.
_RANGES = {
    "Devanagari": (0x0915, 0x0939),
    "Bengali": (0x0995, 0x09B9),
    "Gurmukhi": (0x0A15, 0x0A39),
    "Gujarati": (0x0A95, 0x0AB9),
    "Tamil": (0x0B95, 0x0BB9),
    "Telugu": (0x0C15, 0x0C39),
    "Malayalam": (0x0D15, 0x0D39),
    "Thai": (0x0E01, 0x0E2E),
    "Myanmar": (0x1000, 0x1020),
    "Georgian": (0x10D0, 0x10F0),
}

# Codec and first and last row of the commonest characters in a 94 × 94 national character set.
_NATIONAL = {
    "Han": ("gb2312", 16, 55),  # GB 2312-80, level 1: 3,755 characters
    "Kanji": ("euc_jp", 16, 47),  # JIS X 0208, level 1: 2,965 characters
    "Hangul": ("euc_kr", 16, 40),  # KS X 1001: 2,350 syllables
}

UNICODE_SCRIPTS = (*_SHARED, *_RANGES, "Han", "Hangul")


@functools.cache
def alphabet(script: str) -> str:
    """The letters of a script: a Unicode script name, or ``Kanji`` for the Han characters of Japanese."""
    if script in _SHARED:
        return _SHARED[script]
    if script in _RANGES:
        first, last = _RANGES[script]
        return "".join(char for char in map(chr, range(first, last + 1)) if _is_plain_letter(char))
    codec, first, last = _NATIONAL[script]
    codes = (bytes((0xA0 + row, 0xA0 + cell)) for row in range(first, last + 1) for cell in range(1, 95))
    return "".join(code.decode(codec, errors="ignore") for code in codes)


def _is_plain_letter(char: str) -> bool:
    return char.isalpha() and not unicodedata.decomposition(char)
