"""The score table as the questions, figures and report read it.

``context`` is what the study passes along with the scores, as plain JSON: its seeds, encoders, intermediate recipes,
targets, conditions and questions. The alignment table has the same shape, with a layer and a measure for the metric.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xstilts.errors import ConfigError, DataError
from xstilts.questions.statistics import Array
from xstilts.tables import read_table
from xstilts.tasks.base import RETRIEVAL_TYPES

Context = Mapping[str, Any]

CLEAN = "clean"
BASELINE = "none"
ENGLISH = "en"
KEYS = ["encoder", "intermediate", "target", "condition", "seed", "language", "metric"]
COLUMNS = ["study", "method", "strength", "value", "n", *KEYS]
LAYER_METRIC = re.compile(r"accuracy_layer_(\d+)")
# Representations of a checkpoint that no target was fine-tuned on: where the questions put a target's name.
REPRESENTATIONS = "representations"


def read_scores(path: Path) -> pd.DataFrame:
    """Read ``scores.csv``; an empty seed is the pretrained encoder itself.

    Raises:
        DataError: the file is missing, malformed, lacks a column, or gives one score twice.
    """
    types = dict.fromkeys(["study", "encoder", "intermediate", "method", "target", "language", "condition"], "str")
    types |= {"metric": "str", "seed": "Int64", "value": "float64", "n": "int64", "strength": "float64"}
    return checked(read_table(path, "a score table", types, COLUMNS, ("seed", "value")), str(path))


def checked(scores: pd.DataFrame, where: str = "scores") -> pd.DataFrame:
    """The table itself, once its columns are there and no score is given twice.

    Raises:
        DataError: otherwise, naming the column or the row.
    """
    lacking = [name for name in COLUMNS if name not in scores.columns]
    if lacking:
        raise DataError(f"{where}: no column {', '.join(lacking)}; collect the scores again")
    twice = scores[scores.duplicated(KEYS)]
    if len(twice):
        row = " ".join(f"{key}={value}" for key, value in twice.iloc[0][KEYS].items())
        raise DataError(f"{where}: {len(twice)} scores are given twice, first {row}; collect the scores again")
    return scores


def languages_of(context: Context, encoder: str, target: str, selection: str) -> list[str]:
    """The target's languages in a selection, sorted.

    ``covered``: without English and those the encoder was not pretrained on; ``uncovered``: only the latter;
    ``zero_shot``: all but English; ``all``: English too; ``english``: alone. An encoder that does not say what it
    covers (null) is taken to cover everything.

    Raises:
        ConfigError: no such selection.
    """
    languages = sorted(context["targets"][target]["languages"])
    foreign = [language for language in languages if language != ENGLISH]
    listed = context["encoders"][encoder]["covered_languages"]
    covered = set(languages if listed is None else listed)
    choices = {
        "covered": [language for language in foreign if language in covered],
        "uncovered": [language for language in foreign if language not in covered],
        "zero_shot": foreign,
        "all": languages,
        "english": [language for language in languages if language == ENGLISH],
    }
    if selection not in choices:
        raise ConfigError(f"languages {selection!r} is not one of {', '.join(choices)}; mend the question")
    return choices[selection]


def run_folder(context: Context, recipe: str, target: str, seed: int) -> str:
    """``seed1``; ``pretrained`` where the encoder itself is read, which no seed changes."""
    retrieval = context["targets"][target]["type"] in RETRIEVAL_TYPES
    return "pretrained" if retrieval and not context["intermediate"][recipe]["tasks"] else f"seed{seed}"


def alignment_view(
    table: pd.DataFrame, context: Context, question: Mapping[str, Any]
) -> tuple["Scores", dict[str, Any]]:
    """The values of a question's measure, layer and phase as scores, and a context whose targets they belong to.

    Without a ``layer`` it is each encoder's last. The phase ``intermediate`` has one target,
    :data:`REPRESENTATIONS`, and the pretrained encoder stands for the recipes without intermediate training.

    Raises:
        ConfigError: the table has no such measure, layer or phase.
    """
    phases = ["pretrained", "intermediate"] if question["phase"] == "intermediate" else [question["phase"]]
    layers = table["encoder"].map(table.groupby("encoder")["layer"].max())
    wanted = layers if question["layer"] is None else question["layer"]
    rows = table[table["phase"].isin(phases) & (table["measure"] == question["measure"]) & (table["layer"] == wanted)]
    if not len(rows):
        known = ", ".join(sorted(table["measure"].unique()))
        wanted = f"{question['measure']!r} of layer {question['layer']} in phase {question['phase']}"
        raise ConfigError(f"questions: no {wanted}; measures: {known}; mend the study file")
    inside = question["phase"] == "intermediate"
    rows = rows.assign(target=REPRESENTATIONS) if inside else rows
    targets = {
        name: {
            "type": "retrieval" if inside else context["targets"][name]["type"],
            "metric": question["measure"],
            "languages": sorted(group["language"].unique()),
        }
        for name, group in rows.groupby("target")
    }
    found = dict(context) | {"targets": targets}
    return Scores.of(rows.rename(columns={"measure": "metric"}), found), found


@dataclass(frozen=True)
class Scores:
    """Scores by (encoder, intermediate, target, condition, seed or None, language), one metric per target."""

    values: Mapping[tuple[str, str, str, str, int | None, str], float]
    evaluated: Mapping[tuple[str, str, str], frozenset[str]]

    @classmethod
    def of(cls, scores: pd.DataFrame, context: Context, metric: str | None = None) -> "Scores":
        """Index the table by each target's main metric, or by ``metric``; scores that are not numbers are missing."""
        wanted = scores["target"].map(lambda name: metric or context["targets"].get(name, {}).get("metric"))
        rows = scores[(scores["metric"] == wanted) & np.isfinite(scores["value"].astype(float))]
        values = {
            (row.encoder, row.intermediate, row.target, row.condition, _seed(row.seed), row.language): float(row.value)
            for row in rows.itertuples()
        }
        evaluated: dict[tuple[str, str, str], set[str]] = {}
        for encoder, _, target, condition, _, language in values:
            evaluated.setdefault((encoder, target, condition), set()).add(language)
        return cls(values, {key: frozenset(languages) for key, languages in evaluated.items()})

    def get(self, encoder: str, intermediate: str, target: str, condition: str, seed: int, language: str) -> float:
        """One score in percent; NaN where it is missing. The pretrained encoder's score stands for every seed."""
        for key in (seed, None):
            value = self.values.get((encoder, intermediate, target, condition, key, language))
            if value is not None:
                return value
        return float("nan")

    def defined(self, encoder: str, target: str, condition: str, languages: Sequence[str]) -> list[str]:
        """The languages a condition is defined for: those any recipe was evaluated in (all, if none was run yet)."""
        known = self.evaluated.get((encoder, target, condition))
        return [language for language in languages if known is None or language in known]

    def cells(
        self,
        encoder: str,
        intermediate: str,
        target: str,
        condition: str,
        languages: Sequence[str],
        seeds: Sequence[int],
    ) -> Array:
        """Scores of one arm, shape ``(1, languages, seeds)``; NaN where one is missing."""
        rows = [[self.get(encoder, intermediate, target, condition, s, lang) for s in seeds] for lang in languages]
        return np.array(rows, dtype=float).reshape(1, len(languages), len(seeds))


def _seed(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
