"""Metrics of per-example predictions, in percent, as XTREME computes them.

Every metric here is a ratio of two sums over examples. :func:`counts` gives each example's share of both, so that a
bootstrap over examples needs no prediction twice.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xstilts.errors import ConfigError, DataError
from xstilts.metrics import exact, span_qa, tagging

__all__ = ["METRICS", "Counts", "counts", "per_example", "score"]

Prediction = Mapping[str, Any]
Counts = list[tuple[float, float]]

# (task type, metric name) → the metric; see the prediction columns in each module.
METRICS: dict[tuple[str, str], Callable[[Sequence[Prediction]], Counts]] = {
    ("classification", "accuracy"): exact.accuracy,
    ("multiple_choice", "accuracy"): exact.accuracy,
    ("retrieval", "accuracy"): exact.accuracy,
    ("mlm", "accuracy"): tagging.accuracy,
    ("tagging", "accuracy"): tagging.accuracy,
    ("tagging", "f1"): tagging.f1,
    ("span_qa", "f1"): span_qa.f1,
    ("span_qa", "exact_match"): span_qa.exact_match,
}


def counts(task_type: str, metric: str, predictions: Sequence[Prediction]) -> Counts:
    """Numerator and denominator of each example, in the order of the predictions.

    Raises:
        ConfigError: the metric is not defined for the task type.
        DataError: a prediction does not fit its gold answer.
    """
    try:
        compute = METRICS[task_type, metric]
    except KeyError:
        defined = ", ".join(name for kind, name in METRICS if kind == task_type)
        raise ConfigError(f"metric {metric!r} is not defined for task type {task_type!r}; it has: {defined}") from None
    return compute(predictions)


def score(task_type: str, metric: str, predictions: Sequence[Prediction]) -> float:
    """One number for all predictions, in percent.

    Raises:
        ConfigError: the metric is not defined for the task type.
        DataError: there are no predictions, or one does not fit its gold answer.
    """
    if not predictions:
        raise DataError(f"no predictions to compute {metric} of; check the prepared data")
    pairs = counts(task_type, metric, predictions)
    total = sum(denominator for _, denominator in pairs)
    return 100.0 * sum(numerator for numerator, _ in pairs) / total if total else 0.0


def per_example(task_type: str, metric: str, predictions: Sequence[Prediction]) -> list[float]:
    """The metric of every example on its own, in percent; their mean is the score.

    Raises:
        ConfigError: the metric is not defined for the task type.
        ValueError: the score is not a mean over examples (tagging weighs tokens or chunks): use :func:`counts`.
    """
    if task_type == "tagging":
        raise ValueError(f"{metric} of a tagging task is not a mean over examples; use counts()")
    return [100.0 * numerator / denominator for numerator, denominator in counts(task_type, metric, predictions)]
