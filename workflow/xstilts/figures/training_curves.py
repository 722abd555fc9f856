"""English dev scores during training, and what methods report of themselves."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from xstilts import tasks
from xstilts.analysis.runs import DEV, METHOD
from xstilts.figures.base import (
    Drawing,
    Kind,
    count,
    panel_title,
    recipe_handles,
    reference_handle,
    reference_line,
    spread,
)
from xstilts.figures.curves import grid, plot_bands
from xstilts.figures.style import Mark, Style
from xstilts.questions.table import Context
from xstilts.tasks.base import RETRIEVAL_TYPES

TITLE = "English dev during training"
_TITLE_WIDTH = 36
# What a method calls the level of its own chance.
_CHANCE = "chance"


@dataclass(frozen=True)
class _Panel:
    title: str
    label: str
    rows: pd.DataFrame
    chance: float | None


def draw(curves: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One panel per intermediate task, per target and per quantity that a method reports; one line per recipe."""
    panels = [panel for encoder in context["encoders"] for panel in _panels(curves, context, encoder)]
    marks = style.marks(list(context["intermediate"]))
    dev = curves[curves["quantity"] == DEV]
    caption = (
        "English dev score against the share of the optimiser steps: first intermediate training, by task, then "
        "fine-tuning on each target, by what came before it, then what methods report of themselves. Mean over seeds; "
        "bands reach from the lowest seed to the highest. The weights that scored best are kept, unless a recipe says "
        f"otherwise. n = {spread(dev['n_dev'].tolist())} dev examples, {count(len(context['seeds']), 'seed')}."
    )
    handles = recipe_handles(marks)
    if any(panel.chance is not None for panel in panels):
        handles.append(reference_handle("chance"))
    figure, axes_of = grid(style, TITLE, caption, len(panels), handles)
    for axes, panel in zip(axes_of, panels, strict=True):
        _draw_panel(axes, panel, marks)
    alt = f"Line plots of English dev scores by step, per recipe: {'; '.join(panel.title for panel in panels)}."
    return Drawing(figure, caption, alt)


def _panels(curves: pd.DataFrame, context: Context, encoder: str) -> Iterator[_Panel]:
    own = curves[curves["encoder"] == encoder]
    dev = own[own["quantity"] == DEV]
    intermediate = dev[dev["target"] == ""]
    for names, rows in intermediate.groupby("tasks", sort=False):
        title = textwrap.shorten(f"intermediate {names}", _TITLE_WIDTH, placeholder=" …")
        yield _Panel(panel_title(title, encoder, context), _score(rows), rows, _chance(str(names).split()))
    for target, about in context["targets"].items():
        rows = dev[dev["target"] == target]
        if len(rows):
            yield _Panel(panel_title(f"target {target}", encoder, context), _score(rows), rows, about["chance"])
    reported = own[own["quantity"].str.startswith(METHOD)]
    chances = reported[reported["quantity"] == METHOD + _CHANCE]
    for (target, method, quantity), rows in reported.groupby(["target", "method", "quantity"], sort=False):
        name = str(quantity).removeprefix(METHOD)
        if name != _CHANCE:
            known = chances[(chances["target"] == target) & (chances["method"] == method)]["value"]
            title = f"reported by {method}" + f", {target}" * bool(target)
            chance = float(known.iloc[0]) if known.nunique() == 1 else None
            yield _Panel(panel_title(title, encoder, context), name, rows, chance)


def _score(rows: pd.DataFrame) -> str:
    return f"{' or '.join(sorted(set(rows['dev_metric'])))} (%)"


def _chance(names: list[str]) -> float | None:
    """Chance where it is the same for all tasks."""
    found = {tasks.get(name).chance for name in names}
    return found.pop() if len(found) == 1 else None


def _draw_panel(axes: Axes, panel: _Panel, marks: dict[str, Mark]) -> None:
    for recipe, mark in marks.items():
        rows = panel.rows[panel.rows["intermediate"] == recipe]
        if len(rows):
            seeds = (100 * rows["step"] / rows["steps"]).rename("share")
            over = rows["value"].groupby(seeds).agg(["mean", "min", "max"])
            plot_bands(axes, over.index, over["mean"], over["min"], over["max"], mark)
    if panel.chance is not None:
        reference_line(axes, panel.chance)
    axes.set_title(panel.title, weight="bold")
    axes.set_xlabel("steps (%)")
    axes.set_ylabel(panel.label)
    axes.set_xlim(0, 103)


def _trains(context: Context) -> bool:
    """Whether anything is trained: retrieval by the encoder itself needs none."""
    trained = any(recipe["tasks"] for recipe in context["intermediate"].values())
    return trained or any(target["type"] not in RETRIEVAL_TYPES for target in context["targets"].values())


KIND = Kind("training_curves", TITLE, 8, _trains, draw, table="curves")
