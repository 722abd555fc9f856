"""Normalised texts, each distinct word of plain texts normalised once.

A tokenizer normalises a text letter by letter. Of ASCII text between single spaces, what it makes of a word depends on
nothing else, for the normalisers listed here; all other texts are normalised whole.
"""

import json
from typing import Any

from tokenizers.normalizers import Normalizer

# They treat ASCII letters one by one, or spaces at the ends and next to each other, which words here have none of.
_BY_LETTER = {
    *("Precompiled", "NFC", "NFD", "NFKC", "NFKD"),
    *("BertNormalizer", "Nmt", "Lowercase", "StripAccents", "Strip"),
}
_SPACES = ({"Regex": " {2,}"}, {"Regex": "^ +| +$"})
_MEMO = 2**18


class Normaliser:
    """A tokenizer's normaliser.

    Args:
        normalizer: the tokenizer's; None where it has none.
    """

    def __init__(self, normalizer: Normalizer | None) -> None:
        self._normalizer = normalizer
        self._words = _Words(normalizer) if normalizer is not None and _by_letter(normalizer) else None

    def __call__(self, text: str) -> str:
        """The text as the tokenizer sees it."""
        if self._normalizer is None:
            return text
        if self._words is not None and text.isascii():
            try:
                return " ".join(map(self._words.__getitem__, text.split(" ")))
            except LookupError:
                pass
        normal: str = self._normalizer.normalize_str(text)
        return normal


class _Words(dict[str, str]):
    """Words of ASCII text and what becomes of them; ``LookupError`` for one that does not stay a word."""

    def __init__(self, normalizer: Normalizer) -> None:
        super().__init__()
        self._normalizer = normalizer

    def __missing__(self, word: str) -> str:
        normal: str = self._normalizer.normalize_str(f"x{word}x")
        if len(normal) < 3 or normal[0] != "x" or normal[-1] != "x" or len(normal.split()) > 1:
            raise LookupError(word)
        if len(self) > _MEMO:
            self.clear()
        self[word] = normal[1:-1]
        return self[word]


def _by_letter(normalizer: Normalizer) -> bool:
    return all(
        step["type"] in _BY_LETTER or (step["type"] == "Replace" and step["pattern"] in _SPACES)
        for step in _steps(json.loads(normalizer.__getstate__()))
    )


def _steps(spec: dict[str, Any]) -> list[dict[str, Any]]:
    if spec["type"] != "Sequence":
        return [spec]
    return [step for part in spec["normalizers"] for step in _steps(part)]
