"""Exact match and F1 of MLQA's official scorer (Lewis et al. 2020), which normalises by the language of the answer.

It removes that language's articles, removes every character that Unicode calls punctuation, and cuts Chinese into
characters. It leaves Unicode forms as they are: an article in decomposed letters stays.
"""

import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from xstilts.errors import DataError
from xstilts.metrics.span_qa import gold_answers, overlap

Prediction = Mapping[str, Any]

# The Arabic article goes wherever its two letters stand, also inside a word: so does the official scorer.
_ARTICLES = {
    "ar": re.compile("ال"),
    "de": re.compile(r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "en": re.compile(r"\b(?:a|an|the)\b"),
    "es": re.compile(r"\b(?:un|una|unos|unas|el|la|los|las)\b"),
    "hi": None,
    "vi": re.compile(r"\b(?:của|là|cái|chiếc|những)\b"),
    "zh": None,
}
_CHINESE = re.compile("([\u4e00-\u9fa5])")


def exact_match(predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """Whether ``pred`` equals one of the answers ``gold`` after normalisation for the row's ``language``."""
    return [(float(normalise(row["pred"], row["language"]) in _gold(row)), 1.0) for row in predictions]


def f1(predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """Bag-of-words F1 (of characters in Chinese) of ``pred`` with the answer in ``gold`` nearest to it."""
    return [
        (max(overlap(normalise(row["pred"], row["language"]), answer) for answer in _gold(row)), 1.0)
        for row in predictions
    ]


def normalise(answer: str, language: str) -> str:
    """Lower-case, without punctuation, without the language's articles; words or Chinese characters set apart.

    Raises:
        DataError: MLQA's scorer does not know the language.
    """
    if language not in _ARTICLES:
        raise DataError(f"language {language!r}: MLQA's scorer has {' '.join(_ARTICLES)}; use f1 and exact_match")
    text = "".join(character for character in answer.lower() if not _punctuation(character))
    articles = _ARTICLES[language]
    text = text if articles is None else articles.sub(" ", text)
    return " ".join((_CHINESE.sub(r" \1 ", text) if language == "zh" else text).split())


def _gold(row: Prediction) -> list[str]:
    return [normalise(answer, row["language"]) for answer in gold_answers(row)]


def _punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
