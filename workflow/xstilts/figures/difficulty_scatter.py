"""What the recipes' difficulty goes with."""

import pandas as pd
from matplotlib.axes import Axes

from xstilts.figures.base import Drawing, Kind, panel_title
from xstilts.figures.curves import grid
from xstilts.figures.style import Mark, Style
from xstilts.questions.table import Context

# Height of a line, width of a letter and distance of a name from its point, as shares of a panel.
LINE, LETTER, GAP = 0.085, 0.032, 0.03
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
        axes.plot(row["difficulty"], row["zero_shot"], marker=mark.marker, color=mark.color, linestyle="", ms=5)
    axes.margins(0.2)
    _name(axes, rows)


def _name(axes: Axes, rows: pd.DataFrame) -> None:
    """Write each point's name beside it, below the names that stand there already."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    taken: list[tuple[float, float, float]] = []
    for row in rows.sort_values(["zero_shot", "difficulty"], ascending=False).to_dict("records"):
        name, place = row["intermediate"], (row["difficulty"], row["zero_shot"])
        x, y = (place[0] - left) / (right - left), (place[1] - bottom) / (top - bottom)
        width = LETTER * len(name)
        start = x + GAP if x + GAP + width <= 1 else x - GAP - width
        while any(abs(y - other) < LINE and start < stop and begin < start + width for other, begin, stop in taken):
            y -= LINE / 4
        taken.append((y, start, start + width))
        axes.annotate(name, place, xytext=(start, y), textcoords="axes fraction", va="center")


KIND = Kind(
    "difficulty_scatter", TITLE, 6, lambda context: bool(context.get("difficulty")), draw, table="difficulty_and_scores"
)
