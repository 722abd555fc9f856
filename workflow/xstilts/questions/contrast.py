"""One contrast: a level against its baseline, paired over target x language x seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xstilts.errors import ConfigError
from xstilts.questions.statistics import Array
from xstilts.questions.table import CLEAN, Context, Scores, languages_of

Question = Mapping[str, Any]

# Each outcome takes (clean score, score under the condition) and returns a number in which more is better: a drop is
# counted negatively, so that level - baseline > 0 always speaks for the level (it loses less under the condition).
OUTCOMES: dict[str, Callable[[float, float], float]] = {
    "score": lambda clean, perturbed: perturbed,
    "drop": lambda clean, perturbed: perturbed - clean,
    "relative_drop": lambda clean, perturbed: 100 * (perturbed - clean) / clean if clean else float("nan"),
}


@dataclass(frozen=True)
class Contrast:
    """Paired differences of a question's outcome.

    Attributes:
        targets: targets with at least one language in the question's selection; the first axis of ``cells``.
        languages: their languages, the second axis.
        seeds: the third axis.
        cells: level - baseline in points; NaN where the target lacks the language or a score is missing.
        missing: per target, what is missing, as ``encoder/intermediate/target/seed/condition (languages)``.
    """

    targets: tuple[str, ...]
    languages: tuple[str, ...]
    seeds: tuple[int, ...]
    cells: Array
    missing: Mapping[str, tuple[str, ...]]


def contrast(scores: Scores, context: Context, question: Question, encoder: str, level: str) -> Contrast:
    """Pair ``level`` with the question's baseline.

    A language in which no recipe at all was evaluated under a condition is one the condition is not defined for, and
    is left out; one that only some runs lack is missing.

    Raises:
        ConfigError: the question names an outcome, factor, recipe, target or condition that there is not.
    """
    _check(context, question, level)
    conditions = _conditions(question)
    seeds = tuple(sorted(context["seeds"]))
    spoken = {
        target: _languages(scores, context, question, encoder, target)
        for target in question.get("targets") or context["targets"]
    }
    targets = tuple(target for target, languages in spoken.items() if languages)
    languages = tuple(sorted({language for target in targets for language in spoken[target]}))
    cells = np.full((len(targets), len(languages), len(seeds)), np.nan)
    missing: dict[str, tuple[str, ...]] = {}
    for i, target in enumerate(targets):
        outcomes = []
        absent: list[str] = []
        for recipe in dict.fromkeys((level, question["baseline"])):
            arms = [scores.cells(encoder, recipe, target, name, spoken[target], seeds)[0] for name in conditions]
            outcomes.append(np.vectorize(OUTCOMES[question["outcome"]], otypes=[float])(arms[0], arms[-1]))
            for name, arm in zip(conditions, arms, strict=True):
                runs = _runs(context, encoder, recipe, target, seeds)
                absent += [f"{run}/{name}{gap}" for run, gap in _gaps(arm, runs, spoken[target])]
        rows = [languages.index(language) for language in spoken[target]]
        cells[i, rows] = outcomes[0] - outcomes[-1]
        if not absent and np.isnan(cells[i, rows]).any():
            absent = [f"{target}: no relative drop from a clean score of 0"]
        missing[target] = tuple(absent)
    return Contrast(targets, languages, seeds, cells, missing)


def slice_cells(paired: Contrast, targets: Sequence[str]) -> Array:
    """The cells of some targets, without the languages that none of them has."""
    cells = paired.cells[[paired.targets.index(target) for target in targets]]
    return cells[:, np.isfinite(cells).any(axis=(0, 2))]


def _check(context: Context, question: Question, level: str) -> None:
    allowed: dict[str, tuple[list[str], list[str]]] = {
        "factor": ([question["factor"]], ["intermediate"]),
        "outcome": ([question["outcome"]], list(OUTCOMES)),
        "levels": ([level], list(context["intermediate"])),
        "baseline": ([question["baseline"]], list(context["intermediate"])),
        "targets": (list(question.get("targets") or []), list(context["targets"])),
        "condition": ([question["condition"]], list(context["conditions"])),
    }
    for key, (names, known) in allowed.items():
        for name in names:
            if name not in known:
                raise ConfigError(f"questions: {key} {name!r} is not one of {', '.join(known)}; mend the study file")


def _conditions(question: Question) -> tuple[str, ...]:
    """What must have been evaluated: the clean inputs too, where the outcome is a drop from them."""
    condition = question["condition"]
    return (condition,) if question["outcome"] == "score" or condition == CLEAN else (CLEAN, condition)


def _languages(scores: Scores, context: Context, question: Question, encoder: str, target: str) -> list[str]:
    languages = languages_of(context, encoder, target, question["languages"])
    for condition in _conditions(question):
        languages = scores.defined(encoder, target, condition, languages)
    return languages


def _runs(context: Context, encoder: str, recipe: str, target: str, seeds: Sequence[int]) -> list[str]:
    """Names of one arm's runs, by seed; a retrieval target's direct arm is one run of the pretrained encoder."""
    retrieval = context["targets"][target]["type"] == "retrieval"
    pretrained = retrieval and not context["intermediate"][recipe]["tasks"]
    return [f"{encoder}/{recipe}/{target}/" + ("pretrained" if pretrained else f"seed{seed}") for seed in seeds]


def _gaps(arm: Array, runs: Sequence[str], languages: Sequence[str]) -> list[tuple[str, str]]:
    """Each run with missing scores once, and the languages where only a part is missing."""
    named = {}
    for run, column in zip(runs, arm.T, strict=True):
        lacking = [language for language, value in zip(languages, column, strict=True) if np.isnan(value)]
        if lacking:
            named[run] = "" if len(lacking) == len(languages) else f" ({', '.join(lacking)})"
    return list(named.items())
