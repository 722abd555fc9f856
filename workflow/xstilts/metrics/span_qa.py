"""Exact match and F1 of the official SQuAD v1.1 scorer (Rajpurkar et al. 2016), XTREME's for XQuAD and TyDiQA-GoldP.

Its normalisation is English and ASCII: it removes *a*, *an*, *the* and ASCII punctuation and splits at white space, in
every language, and leaves Unicode forms as they are. Changing that would make the numbers incomparable.
"""

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from xstilts.errors import DataError

Prediction = Mapping[str, Any]
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def exact_match(predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """Whether ``pred`` equals one of the answers ``gold`` after normalisation."""
    return [(float(normalise(row["pred"]) in map(normalise, gold_answers(row))), 1.0) for row in predictions]


def f1(predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """Bag-of-words F1 of ``pred`` with the answer in ``gold`` nearest to it."""
    return [
        (max(overlap(normalise(row["pred"]), normalise(answer)) for answer in gold_answers(row)), 1.0)
        for row in predictions
    ]


def normalise(answer: str) -> str:
    """Lower-case, without ASCII punctuation, English articles and superfluous white space."""
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_PUNCTUATION)).split())


def overlap(pred: str, gold: str) -> float:
    """Harmonic mean of precision and recall over the words of two normalised answers, counted with multiplicity."""
    found, wanted = pred.split(), gold.split()
    common = sum((Counter(found) & Counter(wanted)).values())
    if not common:
        return 0.0
    precision, recall = common / len(found), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def gold_answers(row: Prediction) -> Sequence[str]:
    """The gold answers of a question that has some.

    Raises:
        DataError: it has none.
    """
    if not row["gold"]:
        raise DataError(f"row {row.get('id')!r}: no gold answer; only SQuAD v2.0's metrics have unanswerable questions")
    answers: Sequence[str] = row["gold"]
    return answers
