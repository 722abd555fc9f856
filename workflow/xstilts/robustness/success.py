"""When an attack has succeeded, and how near it came.

================  =====================================================================================================
classification,   an item is right when the predicted label or choice is the gold one; an attack succeeds when it is not
multiple_choice   any more
span_qa           right: F1 with the nearest gold answer of at least one half; success: below
tagging           right: at least one tag is right; success: a tag that was right is wrong
================  =====================================================================================================
"""

from collections.abc import Mapping
from typing import Any

from xstilts.metrics import span_qa

Prediction = Mapping[str, Any]

# Overlap with the gold answer below which an answer counts as wrong.
F1_THRESHOLD = 0.5


def right(task_type: str, prediction: Prediction) -> bool:
    """Whether an item is worth attacking."""
    if task_type == "tagging":
        return any(map(str.__eq__, prediction["pred"], prediction["gold"]))
    if task_type == "span_qa":
        return bool(prediction["gold"]) and _overlap(prediction) >= F1_THRESHOLD
    return bool(prediction["pred"] == prediction["gold"])


def broken(task_type: str, before: Prediction, after: Prediction) -> bool:
    """Whether an item that was right is not any more."""
    if task_type == "tagging":
        triples = zip(before["pred"], after["pred"], before["gold"], strict=True)
        return any(old == gold != new for old, new, gold in triples)
    return not right(task_type, after)


def loss(task_type: str, before: Prediction, after: Prediction, labels: tuple[str, ...]) -> float:
    """How far the model is from the right answer; more is nearer to success. Comparable within one item."""
    if task_type == "tagging":
        return float(sum(map(str.__ne__, after["pred"], before["gold"])))
    if task_type == "span_qa":
        return -_overlap(after) * 1000 - float(after["score"])
    scores = list(after["scores"])
    gold = after["gold"] if task_type == "multiple_choice" else labels.index(after["gold"])
    right_score = scores.pop(gold)
    return float(max(scores) - right_score)


def _overlap(prediction: Prediction) -> float:
    return span_qa.f1([prediction])[0][0]
