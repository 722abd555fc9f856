"""What every arm scored, next to chance."""

from typing import Any

import numpy as np
import pandas as pd

from xstilts.questions import statistics
from xstilts.questions.table import ENGLISH, Context, Scores, checked, languages_of
from xstilts.seeds import derive_seed

KEYS = ["encoder", "intermediate", "target", "condition"]
NUMBERS = ["english", "zero_shot", "ci_low", "ci_high", "uncovered", "chance"]
COUNTS = ["n_languages", "n_seeds", "n_examples"]


def summary(scores: pd.DataFrame, context: Context, resamples: int = 2_000, metric: str | None = None) -> pd.DataFrame:
    """One row per encoder, intermediate recipe, target and condition that has scores, in the study's order.

    Columns: ``english``; ``zero_shot``, the mean over covered languages without English, with the 95 % interval
    ``ci_low``, ``ci_high`` of a bootstrap over languages and seeds; ``uncovered``, the mean over languages that the
    encoder does not cover; ``chance``; all in percent, NaN where there is no such score. ``n_languages`` counts the
    languages behind ``zero_shot``, ``n_examples`` their test examples, ``n_seeds`` the seeds (0: the pretrained encoder
    itself, which no seed changes).

    The metric is each target's main one unless ``metric`` names another.
    """
    indexed = Scores.of(checked(scores), context, metric)
    rows = scores[scores["metric"] == (metric or scores["target"].map(_metrics(context)))]
    examples = rows.groupby([*KEYS, "language"])["n"].max().to_dict()
    seeds_of = rows.groupby(KEYS)["seed"].nunique().to_dict()
    arms = [
        (encoder, intermediate, target, condition)
        for encoder in context["encoders"]
        for target in context["targets"]
        for condition in context["conditions"]
        for intermediate in context["intermediate"]
        if (encoder, intermediate, target, condition) in seeds_of
    ]
    table = [
        dict(zip(KEYS, arm, strict=True))
        | {
            "method": context["intermediate"][arm[1]]["method"],
            "metric": metric or context["targets"][arm[2]]["metric"],
            "chance": context["targets"][arm[2]]["chance"],
            "n_seeds": seeds_of[arm],
        }
        | _averages(indexed, context, arm, examples, resamples)
        for arm in arms
    ]
    types = dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(COUNTS, "int64")
    return pd.DataFrame(table, columns=[*KEYS, "method", "metric", *types]).astype(types)


def _metrics(context: Context) -> dict[str, str]:
    return {name: target["metric"] for name, target in context["targets"].items()}


def _averages(
    scores: Scores, context: Context, arm: tuple[str, str, str, str], examples: dict[Any, int], resamples: int
) -> dict[str, Any]:
    encoder, intermediate, target, condition = arm
    seeds = sorted(context["seeds"])

    def cells(languages: list[str]) -> statistics.Array:
        found = scores.cells(encoder, intermediate, target, condition, languages, seeds)
        return found[:, np.isfinite(found).any(axis=(0, 2))]

    covered = languages_of(context, encoder, target, "covered")
    values = cells(covered)
    averages: dict[str, Any] = {
        "english": statistics.effect(cells([ENGLISH])),
        "uncovered": statistics.effect(cells(languages_of(context, encoder, target, "uncovered"))),
        "zero_shot": statistics.effect(values),
        "n_languages": values.shape[1],
        "n_examples": sum(examples.get((*arm, language), 0) for language in covered),
    }
    if values.size:
        drawn = statistics.bootstrap(values, resamples, derive_seed("summary", *arm))
        low, high = statistics.interval(drawn, averages["zero_shot"], statistics.spread(values))
        # Student's t knows nothing of the scale's ends.
        averages["ci_low"], averages["ci_high"] = float(np.maximum(low, 0)), float(np.minimum(high, 100))
    return averages
