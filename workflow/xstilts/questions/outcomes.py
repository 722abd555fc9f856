"""What a question asks about a run, as a number in which more is better.

A loss is counted negatively, so that level - baseline > 0 always speaks for the level: it loses less under the
condition.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Outcome:
    """One outcome.

    Attributes:
        compute: takes the clean value and that under the condition.
        loss: whether it is measured against clean inputs, so that those must have been evaluated too.
        representations: whether it reads the alignment table, else the score table.
        unit: what its effect is counted in; None: the measure's own.
        title: the number in words; more of it is better.
    """

    compute: Callable[[Numbers, Numbers], Numbers]
    loss: bool
    representations: bool
    unit: str | None
    title: str


def _under_condition(clean: Numbers, perturbed: Numbers) -> Numbers:
    return perturbed


def _kept(clean: Numbers, perturbed: Numbers) -> Numbers:
    return perturbed - clean


def _kept_share(clean: Numbers, perturbed: Numbers) -> Numbers:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(clean > 0, 100 * (perturbed - clean) / clean, np.nan)


OUTCOMES = {
    "score": Outcome(_under_condition, False, False, "points", "score"),
    "drop": Outcome(_kept, True, False, "points of loss avoided", "loss avoided"),
    "relative_drop": Outcome(_kept_share, True, False, "points of relative loss avoided", "relative loss avoided"),
    "accuracy_under_attack": Outcome(_under_condition, False, False, "points under attack", "accuracy under attack"),
    "alignment": Outcome(_under_condition, False, True, None, "alignment"),
    "stability": Outcome(_kept, True, True, None, "stability"),
}
