"""What the report's template shows, gathered from the tables and the study's context."""

import base64
import importlib.metadata
import os
import platform
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from xstilts import languages
from xstilts.artifacts import read_json
from xstilts.errors import ConfigError, DataError
from xstilts.figures import INDEX
from xstilts.questions.answers import FAILED
from xstilts.questions.levels import clean_scores
from xstilts.questions.slices import ALL
from xstilts.questions.summary import summary
from xstilts.questions.table import CLEAN, Context
from xstilts.report import words

LIBRARIES = (
    *("xstilts", "torch", "transformers", "tokenizers", "datasets", "numpy", "pandas", "matplotlib", "snakemake"),
)


def questions(answers: pd.DataFrame, scores: pd.DataFrame, context: Context) -> list[dict[str, Any]]:
    """Per question: its text, one answer in words per contrast, and all its rows."""
    found = []
    for name, question in context["questions"].items():
        rows: list[dict[str, Any]] = answers[answers["question"] == name].to_dict("records")
        named = len({row["encoder"] for row in rows}) > 1
        for row in rows:
            row["who"] = words.name(row) + f" ({row['encoder']})" * named
            row["measure"] = question.get("measure")
        failed = any(row["missing"].startswith(FAILED) for row in rows)
        clean = {} if failed else clean_scores(scores, context, name)
        headlines = [
            row | {"words": words.verdict(row) + words.clean_scores(row, clean.get((row["encoder"], row["level"])))}
            for row in rows
            if row["slice"] == ALL
        ]
        found.append({"name": name, "about": question, "headlines": headlines, "rows": rows})
    return found


def summaries(scores: pd.DataFrame, context: Context) -> dict[str, list[list[dict[str, Any]]]]:
    """Summary rows per condition, clean first, in one group per encoder and target."""
    table = summary(scores, context)
    found: dict[str, list[list[dict[str, Any]]]] = {}
    for condition in sorted(context["conditions"], key=lambda name: name != CLEAN):
        rows = table[table["condition"] == condition].groupby(["encoder", "target"], sort=False)
        if len(rows):
            found[condition] = [group.to_dict("records") for _, group in rows]
    return found


def language_tables(scores: pd.DataFrame, context: Context) -> list[dict[str, Any]]:
    """Per encoder, target and condition: mean main score over seeds, one row per language, one column per recipe."""
    means = scores.groupby(["encoder", "target", "condition", "metric", "language", "intermediate"])["value"].mean()
    values = means.to_dict()
    examples = scores.groupby(["target", "condition", "language"])["n"].max().to_dict()
    tables = []
    for encoder, about in context["encoders"].items():
        for target, task in context["targets"].items():
            for condition in context["conditions"]:
                key = (encoder, target, condition, task["metric"])
                rows = [
                    {
                        "code": code,
                        "name": language_name(code),
                        "covered": about["covered_languages"] is None or code in about["covered_languages"],
                        "n": examples[target, condition, code],
                        "values": [values.get((*key, code, recipe)) for recipe in context["intermediate"]],
                    }
                    for code in sorted(task["languages"])
                    if (target, condition, code) in examples
                ]
                if rows:
                    tables.append({"encoder": encoder, "target": target, "condition": condition, "rows": rows})
    return tables


def training(runs: pd.DataFrame, context: Context) -> list[dict[str, Any]]:
    """What training took and reached over seeds: per encoder a group of intermediate runs and one per target."""
    groups = []
    for encoder in context["encoders"]:
        for target in ["", *context["targets"]]:
            own = runs[(runs["encoder"] == encoder) & (runs["target"] == target)]
            by_recipe = dict(iter(own.groupby("intermediate")))
            rows = [
                _trained(by_recipe[name]) | {"recipe": name} for name in context["intermediate"] if name in by_recipe
            ]
            if rows:
                groups.append({"encoder": encoder, "target": target, "rows": rows})
    return groups


def _trained(runs: pd.DataFrame) -> dict[str, Any]:
    """What runs that differ in their seed alone did."""
    first = runs.iloc[0]
    rates = sorted(set(runs["learning_rate"]))
    return {
        "learning_rate": ", ".join(f"{rate:g}" for rate in rates),
        "examples": int(first["examples"]),
        "steps": int(first["steps"]),
        "metric": first["dev_metric"],
        "dev": float(runs["dev"].mean()),
        "dev_low": float(runs["dev"].min()),
        "dev_high": float(runs["dev"].max()),
        "n_dev": int(first["n_dev"]),
        "seeds": len(runs),
        "seconds": float(runs["seconds"].sum()),
        "examples_per_second": float(runs["examples_per_second"].median()),
        "resumed": int(runs["resumed"].sum()),
        "devices": ", ".join(sorted(set(runs["device"]))),
    }


def language_name(code: str) -> str:
    """English name of a language; the code itself where it has none here."""
    try:
        return languages.get(code).name
    except ConfigError:
        return code


def settings(recipe: Mapping[str, Any]) -> str:
    """A recipe's remaining settings as ``key = value`` pairs."""
    rest = {key: value for key, value in recipe.items() if key not in ("method", "tasks", "name")}
    return ", ".join(f"{key} = {value}" for key, value in rest.items())


def figures(directory: Path) -> list[dict[str, str]]:
    """Title, caption, alternative text and SVG (as a data URI) of each drawn figure.

    Raises:
        DataError: a figure that the index names is not there.
    """
    found = []
    for about in read_json(directory / INDEX):
        path = directory / next(name for name in about["files"] if name.endswith(".svg"))
        try:
            encoded = base64.b64encode(path.read_bytes()).decode()
        except FileNotFoundError:
            raise DataError(f"{path}: no such file, though {INDEX} names it; draw the figures again") from None
        found.append(about | {"source": f"data:image/svg+xml;base64,{encoded}"})
    return found


def manifests(context: Context, output: Path) -> list[dict[str, str]]:
    """Manifests with links relative to the report, so that the results folder can be moved as a whole."""
    relative = [Path(os.path.relpath(about["path"], output.parent)).as_posix() for about in context["manifests"]]
    return [
        {"kind": about["kind"], "path": path, "link": urllib.parse.quote(path)}
        for about, path in zip(context["manifests"], relative, strict=True)
    ]


def versions() -> dict[str, str]:
    """Versions of what made the report, on this machine."""
    found = {"Python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
