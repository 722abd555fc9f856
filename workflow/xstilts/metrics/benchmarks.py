"""The benchmarks' own aggregates over languages and tasks.

XTREME (Hu et al. 2020) and XTREME-R (Ruder et al. 2021): the mean over tasks of a task's score, which is the mean over
its languages; question answering counts the mean of exact match and F1 (``evaluate.py`` of google-research/xtreme).
"""

import statistics
from collections.abc import Mapping, Sequence

# Of the metrics a task has, those that the benchmark averages.
_COUNTED = {
    "classification": ("accuracy",),
    "multiple_choice": ("accuracy",),
    "retrieval": ("accuracy",),
    "tagging": ("f1",),
    "span_qa": ("exact_match", "f1", "mlqa_exact_match", "mlqa_f1"),
    "pool_retrieval": ("map_20", "bucc_f1"),
}


def counted(task_type: str, names: Sequence[str]) -> list[str]:
    """The metrics of a task that its score is the mean of."""
    return [name for name in names if name in _COUNTED[task_type]]


def task_score(values: Mapping[str, Mapping[str, float]]) -> float:
    """A task's score, in percent.

    Args:
        values: the counted metrics, each by language.
    """
    return statistics.fmean(statistics.fmean(languages.values()) for languages in values.values())


def overall(scores: Mapping[str, float]) -> float:
    """The benchmark's score from those of its tasks, which count alike."""
    return statistics.fmean(scores.values())
