"""When an attack has succeeded, and how near it came.

================  =====================================================================================================
classification,   an item is right when the predicted label or choice is the gold one; an attack succeeds when it is not
multiple_choice   any more
span_qa           right: the task's own F1 with the nearest gold answer is at least one half; success: below
tagging           right: at least one tag is right; success: a tag that was right is wrong
================  =====================================================================================================
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xstilts import metrics

Prediction = Mapping[str, Any]

# Overlap with the gold answer below which an answer counts as wrong.
F1_THRESHOLD = 0.5


@dataclass(frozen=True)
class Judge:
    """Judges predictions of one task.

    Attributes:
        task_type: the task's.
        metric: the task's main one: of span QA, an F1 in the task's own way of cutting answers into words.
        labels: class names; empty where there are none.
    """

    task_type: str
    metric: str
    labels: tuple[str, ...] = ()

    def right(self, prediction: Prediction) -> bool:
        """Whether an item is worth attacking."""
        if self.task_type == "tagging":
            return any(map(str.__eq__, prediction["pred"], prediction["gold"]))
        if self.task_type == "span_qa":
            return bool(prediction["gold"]) and self._overlap(prediction) >= F1_THRESHOLD
        return bool(prediction["pred"] == prediction["gold"])

    def broken(self, before: Prediction, after: Prediction) -> bool:
        """Whether an item that was right is not any more."""
        if self.task_type == "tagging":
            triples = zip(before["pred"], after["pred"], before["gold"], strict=True)
            return any(old == gold != new for old, new, gold in triples)
        return not self.right(after)

    def loss(self, prediction: Prediction) -> float:
        """How far the model is from the right answer; more is nearer to success. Comparable within one item."""
        if self.task_type == "tagging":
            return float(sum(map(str.__ne__, prediction["pred"], prediction["gold"])))
        if self.task_type == "span_qa":
            return -self._overlap(prediction) * 1000 - float(prediction["score"])
        scores = list(prediction["scores"])
        multiple_choice = self.task_type == "multiple_choice"
        right_score = scores.pop(prediction["gold"] if multiple_choice else self.labels.index(prediction["gold"]))
        return float(max(scores) - right_score)

    def _overlap(self, prediction: Prediction) -> float:
        ((share, _),) = metrics.counts(self.task_type, self.metric, [prediction])
        return share
