"""Figures of a study: every module of this package that defines ``KIND`` is one."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from xstilts.analysis.runs import read_curves
from xstilts.analysis.table import read_alignment
from xstilts.artifacts import atomic_file, write_json
from xstilts.discovery import declared
from xstilts.errors import ConfigError
from xstilts.figures.base import Drawing, Kind
from xstilts.figures.style import Style
from xstilts.questions.answers import read_answers
from xstilts.questions.covariates import beside_scores, read_difficulty
from xstilts.questions.summary import summary
from xstilts.questions.table import Context, checked, read_scores

INDEX = "figures.json"


@functools.cache
def registry() -> dict[str, Kind]:
    """All kinds of figures by name, in the order of a report.

    Raises:
        ValueError: two files declare the same name.
    """
    kinds: dict[str, Kind] = declared(__name__, __path__, "KIND", "figure")
    return {kind.name: kind for kind in sorted(kinds.values(), key=lambda kind: kind.order)}


def names(context: Context) -> list[str]:
    """The figures that a study has something to show in."""
    return [name for name, kind in registry().items() if kind.applies(context)]


def draw(name: str, table: pd.DataFrame, context: Context, style: Mapping[str, Any]) -> Figure:
    """Draw one figure of the table that its kind names; ``style`` holds the study's ``figures`` settings.

    Raises:
        ConfigError: there is no such figure, or the style holds an unknown key or a bad value.
    """
    return _drawing(name, table, context, Style.of(style)).figure


def save(figure: Figure, directory: Path, stem: str) -> list[Path]:
    """Write ``{stem}.svg`` and ``{stem}.png``; equal figures give equal bytes. Returns the paths."""
    paths = []
    with matplotlib.rc_context({"svg.hashsalt": "xstilts"}):
        for suffix, undated in {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}.items():
            path = directory / f"{stem}.{suffix}"
            with atomic_file(path) as temporary:
                figure.savefig(temporary, format=suffix, metadata=undated)
            paths.append(path)
    return paths


def draw_all(
    scores_csv: Path,
    answers_csv: Path,
    curves_csv: Path,
    context: Context,
    style: Mapping[str, Any],
    output_dir: Path,
    alignment_csv: Path | None = None,
    difficulty_csv: Path | None = None,
) -> None:
    """Draw every figure that applies to a study, and last the index that the report reads, ``figures.json``."""
    scores = checked(read_scores(scores_csv), str(scores_csv))
    tables = {"scores": scores, "answers": read_answers(answers_csv), "curves": read_curves(curves_csv)}
    if alignment_csv is not None:
        tables["alignment"] = read_alignment(alignment_csv)
    if difficulty_csv is not None:
        tables["difficulty_and_scores"] = beside_scores(read_difficulty(difficulty_csv), summary(scores, context))
    checked_style = Style.of(style)
    index = []
    for name in names(context):
        drawing = _drawing(name, tables[registry()[name].table], context, checked_style)
        files = [path.name for path in save(drawing.figure, output_dir, name)]
        about = {"name": name, "title": registry()[name].title, "caption": drawing.caption, "alt": drawing.alt}
        index.append(about | {"files": files})
    write_json(output_dir / INDEX, index)


def _drawing(name: str, table: pd.DataFrame, context: Context, style: Style) -> Drawing:
    kind = registry().get(name)
    if kind is None:
        raise ConfigError(f"unknown figure {name!r}; figures: {', '.join(registry())}")
    with style.applied():
        return kind.draw(table, context, style)
