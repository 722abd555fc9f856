"""Published scores beside reached ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from xstilts.questions import statistics
from xstilts.questions.table import CLEAN, Context, Scores
from xstilts.report import words

Result = Mapping[str, Any]
Row = dict[str, Any]

_UNKNOWN = float("nan")
_NOTHING: Row = {"reached": _UNKNOWN, "low": _UNKNOWN, "high": _UNKNOWN, "difference": _UNKNOWN}
_NOTHING |= {"n_languages": 0, "n_seeds": 0, "range": None}


def beside_published(scores: pd.DataFrame, published: Sequence[Result], context: Context) -> list[list[Row]]:
    """What the study reaches beside each published result, in one group per encoder and target.

    Each row is the result with ``reached``, the mean over its languages and over seeds, in percent; ``low`` and
    ``high``, the 95 % interval of that by Student's t over seeds (the languages are the benchmark's, and the test
    examples are the same, so neither is a sample; NaN of one seed and of the pretrained encoder); ``n_languages``,
    ``n_seeds`` (0: the pretrained encoder); ``published``, the mean that it is compared with; ``difference``;
    ``range``, lowest and highest mean of the recipes where none of them stands for the result; and ``remarks``. A mean
    over languages that the study does not all score is not compared.
    """
    indexed = {name: Scores.of(scores, context, name) for name in {result["metric"] for result in published}}
    groups: dict[tuple[str, str], list[Row]] = {}
    for result in published:
        row = _NOTHING | dict(result) | {"published": result["score"]}
        row |= _compared(result, indexed[result["metric"]], context)
        row["remarks"] = [*row["remarks"], *_differing(result, published), *_editions(result, context)]
        groups.setdefault((result["encoder"], result["target"]), []).append(row)
    return list(groups.values())


def _compared(result: Result, scores: Scores, context: Context) -> Row:
    scored = context["targets"][result["target"]]["languages"]
    if result["languages"] is None:
        return _apart("its languages are not named")
    lacking = [code for code in result["languages"] if code not in scored]
    common = [code for code in result["languages"] if code in scored]
    of = words.count(len(result["languages"]), "language")
    if lacking and (result["by_language"] is None or not common):
        return _apart(f"a mean over {of}, of which this study does not score {', '.join(lacking)}")
    remarks = [f"over {len(common)} of its {of}, without {', '.join(lacking)}"] if lacking else []
    if len(common) < len(scored):
        remarks.append(f"this study scores {len(scored)}")
    by_language = result["by_language"]
    published = float(np.mean([by_language[code] for code in common])) if lacking else float(result["score"])
    found: Row = {"n_languages": len(common), "remarks": remarks, "published": published}
    if result["intermediate"] is None:
        reached = [
            means.mean()
            for recipe, about in context["intermediate"].items()
            if about["tasks"] and (means := _means(scores, context, result, recipe, common)).size
        ]
        remarks.append("not compared: no one recipe of this study stands for it")
        return found | {"range": (min(reached), max(reached)) if reached else None}
    means = _means(scores, context, result, result["intermediate"], common)
    if not means.size:
        return found | {"remarks": [*remarks, "not scored here in all of them"]}
    mean, reach = float(means.mean()), statistics.spread(means[None, None]).reach()
    pretrained = (result["encoder"], result["intermediate"], result["target"], CLEAN, None, common[0]) in scores.values
    return found | {
        "reached": mean,
        "low": float(np.maximum(mean - reach, 0)),
        "high": float(np.minimum(mean + reach, 100)),
        "n_seeds": 0 if pretrained else means.size,
        "difference": mean - published,
    }


def _means(scores: Scores, context: Context, result: Result, recipe: str, spoken: list[str]) -> statistics.Array:
    """Mean over the languages of each seed that has them all (shape ``(seeds,)``)."""
    seeds = sorted(context["seeds"])
    cells = scores.cells(result["encoder"], recipe, result["target"], CLEAN, spoken, seeds)[0]
    whole: statistics.Array = cells.mean(axis=0)
    return whole[np.isfinite(whole)]


def _apart(why: str) -> Row:
    return {"remarks": [f"not compared: {why}"]}


def _differing(result: Result, published: Sequence[Result]) -> list[str]:
    """What other sources say of the same."""
    same = ("model", "encoder", "intermediate", "target", "metric")
    return [
        f"{other['source']} gives {words.number(other['score'])}"
        for other in published
        if all(other[key] == result[key] for key in same)
        and other["source"] != result["source"]
        and words.number(other["score"]) != words.number(result["score"])
    ]


def _editions(result: Result, context: Context) -> list[str]:
    """Which test sets were scored there and here, and the note."""
    here = context["data"].get(context["targets"][result["target"]]["task"], {}).get("note", "").split(". ")[0]
    there = [f"there: {result['edition']}"] if result["edition"] else []
    return [*there, *([f"here: {here.rstrip('.')}"] if here else []), *filter(None, [result["note"]])]
