"""Keyboard layouts: the letter keys of national standards.

Rows run from the number row down, each from its leftmost key over the row below: on the standard staggered keyboard
key *i* of a row touches its neighbours *i ± 1*, keys *i* and *i + 1* of the row above, and *i - 1* and *i* of the row
below. A dot stands for a key without a letter. Where the script has no case, Shift gives other letters: a second level.
"""

import functools
from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """One layout.

    Attributes:
        source: the standard, or the name under which operating systems ship it.
        languages: ISO 639-1 codes of the languages typed on it.
        levels: rows without Shift and, where they hold other letters, with it.
    """

    source: str
    languages: str
    levels: tuple[str, ...]


_LATIN = "/ qwertyuiop / asdfghjkl / zxcvbnm"
_DEVANAGARI = (
    "/ .....बहगदजड. / .....परकतचट / ..मनवलस..य",
    "/ औऐआईऊभङघधझढञ / ओएअइउफऱखथछठ / ..णऩऴळशष..",
)
_WITHOUT = "ऩऴ"  # of InScript's letters, those that only Tamil uses beside Devanagari


def _inscript(block: int, without: str = "") -> tuple[str, ...]:
    """InScript gives corresponding letters of all Indic scripts the same key, and Unicode the same place in a block."""

    def moved(key: str) -> str:
        letter = chr(ord(key) - 0x0900 + block) if key > "\u0900" and key not in without else key
        return letter if letter.isalpha() or key in " /" else "."

    return tuple("".join("." if key in without else moved(key) for key in level) for level in _DEVANAGARI)


_IS = "IS 16350 (InScript), consonants and independent vowels"

LAYOUTS = (
    Layout("US QWERTY", "af en id jv ms nl sw tl", (_LATIN,)),
    Layout("Polish (programmer's)", "pl", (_LATIN,)),
    Layout("QWERTZ, DIN 2137", "de", ("..........ß / qwertzuiopü / asdfghjklöä / yxcvbnm",)),
    Layout("AZERTY", "fr", (".é....è.çà / azertyuiop / qsdfghjklmù / wxcvbn",)),
    Layout("Spanish", "es eu", ("/ qwertyuiop / asdfghjklñ / zxcvbnm",)),
    Layout("Latin American Spanish", "qu", ("/ qwertyuiop / asdfghjklñ / zxcvbnm",)),
    Layout("Italian", "it", ("...........ì / qwertyuiopè / asdfghjklòà / zxcvbnm",)),
    Layout("Portuguese; ABNT2", "pt", ("/ qwertyuiop / asdfghjklç / zxcvbnm",)),
    Layout("SFS 5966", "fi", ("/ qwertyuiopå / asdfghjklöä / zxcvbnm",)),
    Layout("EVS 8", "et", ("/ qwertyuiopüõ / asdfghjklöä / zxcvbnm",)),
    Layout("Hungarian QWERTZ", "hu", (".........öüó / qwertzuiopőú / asdfghjkléáű / yxcvbnm",)),
    Layout("SR 13392", "ro", ("/ qwertyuiopăî / asdfghjklșț / zxcvbnm",)),
    Layout("Lithuanian, letters on the number row", "lt", ("ąčęėįšųū...ž / qwertyuiop / asdfghjkl / zxcvbnm",)),
    Layout("Turkish Q", "tr", ("/ qwertyuıopğü / asdfghjklşi / zxcvbnmöç",)),
    Layout("Azerbaijani Latin", "az", ("/ qüertyuiopöğ / asdfghjklıə / zxcvbnmçş",)),
    Layout("TCVN 6064", "vi", ("ăâêô.....đ / qwertyuiopươ / asdfghjkl / zxcvbnm",)),
    Layout("ELOT 1000", "el", ("/ .ςερτυθιοπ / ασδφγηξκλ / ζχψωβνμ",)),
    Layout("Russian ЙЦУКЕН", "ru", ("/ йцукенгшщзхъ / фывапролджэ / ячсмитьбю",)),
    Layout("Ukrainian ЙЦУКЕН", "uk", ("/ йцукенгшщзхї / фівапролджє / ячсмитьбю",)),
    Layout("Kazakh ЙЦУКЕН", "kk", (".әіңғ..үұқөһ / йцукенгшщзхъ / фывапролджэ / ячсмитьбю",)),
    Layout("BDS 5237", "bg", ("/ .уеишщксдзц. / ьяаожгтнвмч / юйъэфхпрлб",)),
    Layout("Georgian QWERTY", "ka", ("/ ქწერტყუიოპ / ასდფგჰჯკლ / ზხცვბნმ", "/ .ჭ.ღთ..... / .შ....ჟ.. / ძ.ჩ....")),
    Layout("Arabic 101", "ar", ("/ ضصثقفغعهخحجد / شسيبلاتنمكط / ئءؤر.ىةوزظ",)),
    Layout("ISIRI 9147", "fa", ("/ ضصثقفغعهخحجچ / شسیبلاتنمکگ / ظطزرذدپو",)),
    Layout("SI 1452", "he", ("/ ..קראטוןםפ / שדגכעיחלךף / זסבהנמצתץ",)),
    Layout("TIS 820 (Kedmanee), letters with a place of their own", "th",
        ("ๅ..ภถ..คตจขช / .ไ.พะ..รนยบล / ฟหกดเ..าสวง / ผปแอ..ทมใฝ", "/ ..ฎฑธ..ณ.ญฐ. / ฤฆฏโฌ..ษศซ. / ..ฉฮ...ฒฬฦ")),
    Layout(_IS, "hi mr", _DEVANAGARI),
    Layout(_IS, "bn", _inscript(0x0980, _WITHOUT + "य")),
    Layout(_IS, "gu", _inscript(0x0A80, _WITHOUT)),
    Layout(_IS, "pa", _inscript(0x0A00, _WITHOUT)),
    Layout(_IS, "ta", _inscript(0x0B80)),
    Layout(_IS, "te", _inscript(0x0C00, _WITHOUT)),
    Layout(_IS, "ml", _inscript(0x0D00, "ऩ")),
    Layout("JIS X 6002, kana", "ja",
        ("ぬふあうえおやゆよわほへ / たていすかんなにらせ / ちとしはきくまのりれけむ / つさそひこみもねるめろ",)),
    Layout("KS X 5002 (Dubeolsik)", "ko", ("/ ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ / ㅁㄴㅇㄹㅎㅗㅓㅏㅣ / ㅋㅌㅊㅍㅠㅜㅡ",)),
)  # fmt: skip


@functools.cache
def layouts() -> dict[str, Layout]:
    """The layout of each language that has one here."""
    return {language: layout for layout in LAYOUTS for language in layout.languages.split()}


@functools.cache
def neighbours(language: str) -> dict[str, str]:
    """The letters on the keys that touch a letter's key, of the same level; letters without any are left out."""
    found: dict[str, str] = {}
    for level in layouts()[language].levels:
        rows = [row.strip() for row in level.split("/")]
        keys = {(r, i): key for r, row in enumerate(rows) for i, key in enumerate(row) if key.isalpha()}
        for r, i in keys:
            touching = (r, i - 1), (r, i + 1), (r - 1, i), (r - 1, i + 1), (r + 1, i - 1), (r + 1, i)
            letters = "".join(keys[place] for place in touching if place in keys)
            if letters:
                found[keys[r, i]] = letters
    return found
