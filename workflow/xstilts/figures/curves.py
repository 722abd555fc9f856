"""Panels of lines with interval bands, shared by the figures that show curves."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xstilts.figures.base import page
from xstilts.figures.style import Mark, Style

COLUMNS = 3


def grid(style: Style, title: str, caption: str, panels: int, handles: Sequence[Any]) -> tuple[Figure, list[Axes]]:
    """A page with ``panels`` equal panels, filled row by row."""
    columns = min(COLUMNS, panels)
    rows = -(-panels // columns)
    figure = page(style, title, caption, 2.15 * rows + 0.1, handles)
    every = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in every[panels:]:
        unused.remove()
    return figure, every[:panels]


def focus(axes: Axes, means: Any) -> None:
    """Give the lines at least a third of the panel's height: bands of few seeds can be many times as high.

    Args:
        axes: a panel, or one of those that share their height.
        means: what must be seen, the lines' values and chance.
    """
    seen = [value for value in means if math.isfinite(value)]
    if not seen:
        return
    room = max(seen) - min(seen) or abs(seen[0]) or 1.0
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, min(seen) - room), min(high, max(seen) + room))


def plot_bands(axes: Axes, x: Any, y: Any, low: Any, high: Any, mark: Mark) -> None:
    """One recipe's line with its interval band, edged in the recipe's own dashes."""
    axes.fill_between(x, low, high, color=mark.color, alpha=0.08, linewidth=0, zorder=1)
    for edge in (low, high):
        axes.plot(x, edge, color=mark.color, linestyle=mark.dashes, linewidth=0.5, alpha=0.6, zorder=2)
    axes.plot(x, y, color=mark.color, marker=mark.marker, linestyle=mark.dashes, linewidth=1.6, ms=5, zorder=3)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
