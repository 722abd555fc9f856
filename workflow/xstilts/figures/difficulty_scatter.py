"""What the recipes' difficulty goes with."""

import pandas as pd
from matplotlib.axes import Axes

from xstilts.figures.base import Drawing, Kind, panel_title
from xstilts.figures.curves import grid
from xstilts.figures.style import Mark, Style
from xstilts.questions.table import Context

TITLE = "Difficulty of the intermediate tasks and zero-shot score"


def draw(table: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One panel per encoder, measure and target; one named point per recipe."""
    marks = style.marks(list(context["intermediate"]))
    panels = list(table.groupby(["encoder", "measure", "target"], sort=False))
    caption = (
        "Zero-shot score on clean inputs, mean over covered languages and seeds, against the recipe's difficulty, mean "
        "over its tasks and seeds. Few points, which differ in more than their difficulty: look at the names, not for "
        "a line."
    )
    figure, axes_of = grid(style, TITLE, caption, len(panels), [])
    for axes, ((encoder, measure, target), rows) in zip(axes_of, panels, strict=True):
        _panel(axes, rows, marks)
        axes.set_title(panel_title(target, encoder, context), weight="bold")
        axes.set_xlabel(measure.replace("_", " "))
        axes.set_ylabel(f"{context['targets'][target]['metric']} (%)")
    alt = f"Scatter plots of zero-shot score against {', '.join(context['difficulty'])}, one named point per recipe."
    return Drawing(figure, caption, alt)


def _panel(axes: Axes, rows: pd.DataFrame, marks: dict[str, Mark]) -> None:
    for row in rows.to_dict("records"):
        mark = marks[row["intermediate"]]
        place = row["difficulty"], row["zero_shot"]
        axes.plot(*place, marker=mark.marker, color=mark.color, linestyle="", ms=5)
        axes.annotate(row["intermediate"], place, xytext=(4, 3), textcoords="offset points")
    axes.margins(0.2)


KIND = Kind(
    "difficulty_scatter", TITLE, 6, lambda context: bool(context.get("difficulty")), draw, table="difficulty_and_scores"
)
