"""Digits and signs for letters of a similar shape."""

from xstilts.languages import Language
from xstilts.perturbations.edits import perturbation, replacing

_LETTERS = {
    "Latn": {
        "a": "4@", "b": "8", "e": "3", "g": "9", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7", "z": "2",
        "A": "4@", "B": "8", "E": "3", "G": "6", "I": "1!", "L": "1", "O": "0", "S": "5$", "T": "7", "Z": "2",
    },
    "Cyrl": {
        "а": "4@", "б": "6", "в": "8", "е": "3", "з": "3", "о": "0", "т": "7", "ч": "4", "і": "1",
        "А": "4@", "Б": "6", "В": "8", "Е": "3", "З": "3", "О": "0", "Т": "7", "Ч": "4", "І": "1",
    },
}  # fmt: skip


def table(language: Language) -> dict[str, str]:
    """Signs of a letter in the language's script."""
    return _LETTERS[language.script]


PERTURBATION = perturbation(
    replacing(table),
    name="leet",
    scripts=frozenset(_LETTERS),
    description="letters become digits or signs of a similar shape (e 3, s $)",
    source="the visual edits of TextBugger (Li et al. 2019), such as o 0 and l 1; own table",
)
