"""What the recipes' difficulty goes with."""

import pandas as pd
from matplotlib.axes import Axes

from xstilts.analysis.difficulty import MEASURES
from xstilts.figures.base import Drawing, Kind, count, panel_title, reference_handle, reference_line
from xstilts.figures.curves import grid
from xstilts.figures.style import Mark, Style
from xstilts.questions.table import Context

# Height of a line, width of a letter, distance of a name from its point and half a point, as shares of a panel.
LINE, LETTER, GAP, POINT = 0.085, 0.032, 0.03, 0.025
# Left, right, bottom and top, as shares of a panel.
Box = tuple[float, float, float, float]
TITLE = "Difficulty of the intermediate tasks and zero-shot score"


def draw(table: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One panel per encoder, measure and target; one named point per recipe."""
    marks = style.marks(list(context["intermediate"]))
    panels = list(table.groupby(["encoder", "measure", "target"], sort=False))
    caption = (
        "Zero-shot score on clean inputs, mean over covered languages and seeds, against the recipe's difficulty, mean "
        f"over its tasks and seeds. n = {count(table['intermediate'].nunique(), 'recipe')} × "
        f"{count(len(context['seeds']), 'seed')}: few points, which differ in more than their difficulty, so look "
        "at the names, not for a line."
    )
    figure, axes_of = grid(style, TITLE, caption, len(panels), [reference_handle("chance")])
    for axes, ((encoder, measure, target), rows) in zip(axes_of, panels, strict=True):
        _panel(axes, rows, marks, context["targets"][target]["chance"])
        axes.set_title(panel_title(target, encoder, context), weight="bold")
        axes.set_xlabel(f"{measure.replace('_', ' ')} ({MEASURES[measure].unit})")
        axes.set_ylabel(f"{context['targets'][target]['metric']} (%)")
    alt = f"Scatter plots of zero-shot score against {', '.join(context['difficulty'])}, one named point per recipe."
    return Drawing(figure, caption, alt)


def _panel(axes: Axes, rows: pd.DataFrame, marks: dict[str, Mark], chance: float | None) -> None:
    for row in rows.to_dict("records"):
        mark = marks[row["intermediate"]]
        axes.plot(row["difficulty"], row["zero_shot"], marker=mark.marker, color=mark.color, linestyle="", ms=5)
    if chance is not None:
        reference_line(axes, chance)
    axes.margins(0.2)
    _name(axes, rows)


def _name(axes: Axes, rows: pd.DataFrame) -> None:
    """Write each point's name where it covers no point and no other name: right, left, above or below it."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    named = rows.sort_values(["zero_shot", "difficulty"], ascending=False).to_dict("records")
    spots = [
        ((row["difficulty"] - left) / (right - left), (row["zero_shot"] - bottom) / (top - bottom)) for row in named
    ]
    taken: list[Box] = [(x - POINT, x + POINT, y - POINT, y + POINT) for x, y in spots]
    for row, (x, y) in zip(named, spots, strict=True):
        width = LETTER * len(row["intermediate"])
        middle = min(max(x - width / 2, 0.0), 1 - width)
        beside = [(x + GAP, y), (x - GAP - width, y)]
        away = [(middle, y + side * LINE * step) for step in (1, 1.5, 2, 2.5, 3) for side in (1, -1)]
        boxes = [(start, start + width, at - LINE / 2, at + LINE / 2) for start, at in beside + away]
        free = [box for box in boxes if _inside(box) and not any(_meet(box, other) for other in taken)]
        box = (free or boxes)[0]
        taken.append(box)
        place = (row["difficulty"], row["zero_shot"])
        axes.annotate(
            row["intermediate"], place, xytext=(box[0], (box[2] + box[3]) / 2), textcoords="axes fraction", va="center"
        )


def _inside(box: Box) -> bool:
    return box[0] >= 0 and box[1] <= 1 and box[2] >= 0 and box[3] <= 1


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


KIND = Kind(
    "difficulty_scatter", TITLE, 6, lambda context: bool(context.get("difficulty")), draw, table="difficulty_and_scores"
)
