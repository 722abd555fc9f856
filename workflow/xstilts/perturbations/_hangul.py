"""Hangul syllables and the letters they are made of (Unicode, section 3.12)."""

_FIRST, _LAST = 0xAC00, 0xD7A3
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_PARTS = (INITIALS, VOWELS, FINALS)


def split(syllable: str) -> list[str]:
    """Initial, vowel and final letter (a space: none) of a precomposed syllable; empty for anything else."""
    if len(syllable) != 1 or not _FIRST <= ord(syllable) <= _LAST:
        return []
    rest, final = divmod(ord(syllable) - _FIRST, len(FINALS))
    initial, vowel = divmod(rest, len(VOWELS))
    return [INITIALS[initial], VOWELS[vowel], FINALS[final]]


def variants(syllable: str, similar: dict[str, str]) -> list[str]:
    """Syllables that differ in one letter, replaced by one of those ``similar`` gives for it where that fits."""
    letters = split(syllable)
    return [
        _join([*letters[:place], other, *letters[place + 1 :]])
        for place, letter in enumerate(letters)
        for other in similar.get(letter, "")
        if other in _PARTS[place]
    ]


def _join(letters: list[str]) -> str:
    initial, vowel, final = (part.index(letter) for part, letter in zip(_PARTS, letters, strict=True))
    return chr(_FIRST + (initial * len(VOWELS) + vowel) * len(FINALS) + final)
