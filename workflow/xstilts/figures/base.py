"""What a figure is, and the page that all of them are drawn on."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from xstilts.figures.style import Mark, Style
from xstilts.questions.table import Context

WIDTH = 8.0  # inches: at 150 dpi a little wider than a README column, so that it is only ever scaled down


@dataclass(frozen=True)
class Drawing:
    """A figure, what it says without being seen (``alt``), and its caption, which is drawn under its title too."""

    figure: Figure
    caption: str
    alt: str


@dataclass(frozen=True)
class Kind:
    """One kind of figure; each module of this package that defines ``KIND`` is one.

    Attributes:
        name: stem of its files.
        title: its headline.
        order: place among the figures of a report.
        applies: whether a study has what it shows.
        draw: draws it from a table, the study's context and a style.
        table: which table: ``scores``, ``answers``, ``curves``, ``alignment`` or ``difficulty_and_scores``.
    """

    name: str
    title: str
    order: int
    applies: Callable[[Context], bool]
    draw: Callable[[pd.DataFrame, Context, Style], Drawing]
    table: str = "scores"


def page(style: Style, title: str, caption: str, height: float, handles: Sequence[Any] = ()) -> Figure:
    """An empty figure with title, wrapped caption and legend above a body of ``height`` inches.

    The body is laid out by matplotlib's constrained layout; the head has its own room, so nothing overlaps.
    """
    line = style.font_size * 1.4 / 72
    small = style.font_size * 0.92
    text = textwrap.fill(caption.replace(" %", "\u00a0%"), int(WIDTH * 72 / (small * 0.56)))
    columns = _legend_columns(style, handles)
    rows = -(-len(handles) // columns) if handles else 0
    head = line * (1.6 + (text.count("\n") + 1) + 1.15 * rows) + 0.12
    body = (0.005, 0.005, 0.99, height / (head + height) - 0.01)
    layout = ConstrainedLayoutEngine(rect=body, h_pad=0.06, w_pad=0.06, wspace=0.04)
    figure = Figure(figsize=(WIDTH, head + height), dpi=style.dpi, layout=layout, facecolor="white")

    def down(lines: float) -> float:
        return 1 - (0.06 + lines * line) / (head + height)

    figure.text(0.01, down(0), title, size=style.font_size * 1.25, weight="bold", va="top")
    figure.text(0.01, down(1.5), text, size=small, color="#333333", va="top", linespacing=1.4)
    if handles:
        figure.legend(
            handles=list(handles),
            loc="upper left",
            bbox_to_anchor=(0.0, down(1.55 + text.count("\n") + 1)),
            ncols=columns,
            frameon=False,
            borderaxespad=0.2,
            handlelength=2.6,
            columnspacing=1.6,
        )
    return figure


def recipe_handles(marks: dict[str, Mark], lines: bool = True) -> list[Line2D]:
    """Legend entries for recipes."""
    return [
        Line2D([], [], color=mark.color, marker=mark.marker, linestyle=mark.dashes if lines else "", ms=5, label=name)
        for name, mark in marks.items()
    ]


def reference_handle(label: str) -> Line2D:
    """Legend entry for :func:`reference_line`."""
    return Line2D([], [], color="#777777", linestyle=(0, (1, 1.5)), linewidth=1.3, label=label)


def reference_line(axes: Axes, value: float) -> None:
    """A horizontal dotted line, for chance."""
    axes.axhline(value, color="#777777", linestyle=(0, (1, 1.5)), linewidth=1.3, zorder=1)


def panel_title(target: str, encoder: str, context: Context) -> str:
    """``xnli``, or ``xnli, mini`` in a study of several encoders."""
    return target if len(context["encoders"]) == 1 else f"{target}, {encoder}"


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 seed``, ``3 seeds``, ``12,000 examples``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def signed(points: float) -> str:
    """``+1.2``, ``−0.3``, with a true minus sign."""
    return f"{round(points, 1) + 0.0:+.1f}".replace("-", "−")


def spread(numbers: Sequence[int]) -> str:
    """``10``, or ``8 to 12`` where the numbers differ."""
    low, high = min(numbers, default=0), max(numbers, default=0)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _legend_columns(style: Style, handles: Sequence[Any]) -> int:
    widest = max((len(handle.get_label()) for handle in handles), default=1)
    inches = (widest * 0.6 + 2.6 + 0.8 + 1.6) * style.font_size / 72
    return max(1, min(len(handles), int(WIDTH / inches)))
