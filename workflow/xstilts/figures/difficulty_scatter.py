"""What the recipes' difficulty goes with."""

import pandas as pd
from matplotlib.axes import Axes

from xstilts.analysis.difficulty import MEASURES
from xstilts.figures.base import Drawing, Kind, count, panel_title, recipe_handles, reference_handle, reference_line
from xstilts.figures.curves import grid
from xstilts.figures.style import Mark, Style
from xstilts.questions.table import Context

TITLE = "Difficulty of the intermediate tasks and zero-shot score"


def draw(table: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One panel per encoder, measure and target; one point per recipe."""
    marks = style.marks(list(context["intermediate"]))
    shown = {name: mark for name, mark in marks.items() if name in set(table["intermediate"])}
    panels = list(table.groupby(["encoder", "measure", "target"], sort=False))
    varied = [(names, rows) for names, rows in panels if len(rows) == 1 or rows["difficulty"].nunique() > 1] or panels
    caption = (
        "Zero-shot score on clean inputs, mean over covered languages and seeds, against the recipe's difficulty, mean "
        f"over its tasks and seeds. n = {count(table['intermediate'].nunique(), 'recipe')} × "
        f"{count(len(context['seeds']), 'seed')}: few points, which differ in more than their difficulty, so look "
        "which they are, not for a line."
    )
    drawn = dict.fromkeys(names[1] for names, _ in varied)
    same = [measure for measure in table["measure"].unique() if measure not in drawn]
    if same:
        caption += f" Not drawn, because it is the same for all recipes: {', '.join(same)}."
    handles = [*recipe_handles(shown, lines=False), reference_handle("chance")]
    figure, axes_of = grid(style, TITLE, caption, len(varied), handles)
    for axes, ((encoder, measure, target), rows) in zip(axes_of, varied, strict=True):
        _panel(axes, rows, marks, context["targets"][target]["chance"])
        axes.set_title(panel_title(target, encoder, context), weight="bold")
        axes.set_xlabel(f"{measure.replace('_', ' ')} ({MEASURES[measure].unit})")
        axes.set_ylabel(f"{context['targets'][target]['metric']} (%)")
    alt = f"Scatter plots of zero-shot score against {', '.join(drawn)}, one point per recipe."
    return Drawing(figure, caption, alt)


def _panel(axes: Axes, rows: pd.DataFrame, marks: dict[str, Mark], chance: float | None) -> None:
    for row in rows.to_dict("records"):
        mark = marks[row["intermediate"]]
        axes.plot(row["difficulty"], row["zero_shot"], marker=mark.marker, color=mark.color, linestyle="", ms=5)
    if chance is not None:
        reference_line(axes, chance)
    axes.margins(0.2)


KIND = Kind(
    "difficulty_scatter", TITLE, 6, lambda context: bool(context.get("difficulty")), draw, table="difficulty_and_scores"
)
