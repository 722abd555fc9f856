"""Exact match and F1 of the official SQuAD v2.0 scorer (Rajpurkar et al. 2018), where no answer can be the answer.

A prediction is the text ``pred`` (``""`` for no answer), the best answer there would be (the first of ``nbest``) and
``no_answer``, the score by which no answer is preferred to it. ``gold`` is empty for an unanswerable question.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xstilts.metrics.span_qa import normalise, overlap

Prediction = Mapping[str, Any]
Counts = list[tuple[float, float]]


def exact_match(predictions: Sequence[Prediction]) -> Counts:
    """Whether ``pred`` equals a gold answer after normalisation, or is rightly empty."""
    return [(_exact_match(row, row["pred"]), 1.0) for row in predictions]


def f1(predictions: Sequence[Prediction]) -> Counts:
    """Bag-of-words F1 with the nearest gold answer; where one of the two is empty, whether both are."""
    return [(_f1(row, row["pred"]), 1.0) for row in predictions]


def has_answer_exact_match(predictions: Sequence[Prediction]) -> Counts:
    """Exact match of the answerable questions (the script's ``HasAns_exact``)."""
    return _only(exact_match(predictions), predictions, answerable=True)


def has_answer_f1(predictions: Sequence[Prediction]) -> Counts:
    """F1 of the answerable questions (``HasAns_f1``)."""
    return _only(f1(predictions), predictions, answerable=True)


def no_answer_accuracy(predictions: Sequence[Prediction]) -> Counts:
    """Share of the unanswerable questions that get no answer (``NoAns_exact`` and ``NoAns_f1``, which are equal)."""
    return _only(exact_match(predictions), predictions, answerable=False)


def oracle_exact_match(predictions: Sequence[Prediction]) -> Counts:
    """Exact match at the no-answer threshold that is best on these very questions (``best_exact``)."""
    return _at_best_threshold(predictions, _exact_match)


def oracle_f1(predictions: Sequence[Prediction]) -> Counts:
    """F1 at the no-answer threshold that is best on these very questions (``best_f1``)."""
    return _at_best_threshold(predictions, _f1)


def best_threshold(predictions: Sequence[Prediction]) -> float:
    """The no-answer threshold of highest F1: questions whose ``no_answer`` exceeds it get none.

    The script's ``best_f1_thresh``: one of the scores, or 0 where answering nothing is best.
    """
    order, answered = _best_prefix(predictions, _f1)
    return float(predictions[order[answered - 1]]["no_answer"]) if answered else 0.0


def best_answer(row: Prediction) -> str:
    """What the prediction would be if every question had an answer."""
    return str(row["nbest"][0]["text"]) if row["nbest"] else ""


def _only(counts: Counts, predictions: Sequence[Prediction], *, answerable: bool) -> Counts:
    return [
        pair if bool(row["gold"]) == answerable else (0.0, 0.0) for pair, row in zip(counts, predictions, strict=True)
    ]


def _at_best_threshold(predictions: Sequence[Prediction], score: Callable[[Prediction, str], float]) -> Counts:
    order, answered = _best_prefix(predictions, score)
    counts: Counts = [(float(not row["gold"]), 1.0) for row in predictions]
    for index in order[:answered]:
        row = predictions[index]
        gained = score(row, best_answer(row)) if row["gold"] else float(not best_answer(row))
        counts[index] = (gained, 1.0)
    return counts


def _best_prefix(predictions: Sequence[Prediction], score: Callable[[Prediction, str], float]) -> tuple[list[int], int]:
    """Questions by rising ``no_answer``, and how many of the first to answer for the highest sum of scores.

    As the script does, questions of equal ``no_answer`` are taken one by one, and the shortest best prefix counts.
    """
    order = sorted(range(len(predictions)), key=lambda index: predictions[index]["no_answer"])
    gained = best = 0.0
    answered = 0
    for count, index in enumerate(order, 1):
        row = predictions[index]
        gained += score(row, best_answer(row)) if row["gold"] else -float(bool(best_answer(row)))
        if gained > best:
            best, answered = gained, count
    return order, answered


def _gold(row: Prediction) -> list[str]:
    """Normalised gold answers without those of which nothing is left; one empty answer if there are none."""
    return [answer for answer in map(normalise, row["gold"]) if answer] or [""]


def _exact_match(row: Prediction, pred: str) -> float:
    return float(normalise(pred) in _gold(row))


def _f1(row: Prediction, pred: str) -> float:
    found = normalise(pred)
    return max(overlap(found, answer) if found and answer else float(found == answer) for answer in _gold(row))
