"""What each intermediate recipe gains over direct fine-tuning, per target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize, to_rgb
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from xstilts.figures.base import WIDTH, Drawing, Kind, page, signed, spread
from xstilts.figures.style import Style
from xstilts.questions import statistics
from xstilts.questions.contrast import Arm, Evidence, Pairing
from xstilts.questions.examples import Examples
from xstilts.questions.table import BASELINE, CLEAN, Context, Scores

EQUAL_CONTRAST = 0.18  # relative luminance on which black and white text are equally legible (WCAG 2)
MEAN = "mean"
TITLE = "Gain of each intermediate recipe over direct fine-tuning"
QUESTION = {
    "condition": CLEAN,
    "outcome": "score",
    "targets": None,
    "languages": "covered",
}


@dataclass(frozen=True)
class Gain:
    """Mean paired difference in points with half its 95 % interval, and the languages and seeds behind it."""

    effect: float
    reach: float
    languages: int
    seeds: int

    @property
    def clear(self) -> bool:
        """Whether the interval excludes 0; one that is not known excludes nothing."""
        return abs(self.effect) > self.reach


def draw(scores: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """Rows are recipes, columns targets and their mean; one panel per encoder."""
    recipes = [name for name in context["intermediate"] if name != BASELINE]
    targets = list(context["targets"])
    indexed = Scores.of(scores, context)
    gains = {encoder: _gains(indexed, context, encoder, recipes) for encoder in context["encoders"]}
    known = [gain for panel in gains.values() for gain in panel.values()]
    caption = (
        f"Points over “{BASELINE}” on clean zero-shot test sets, mean over covered languages and seeds, ± half its "
        "95 % interval (paired, Student's t over languages and seeds; the answers also count test examples). Bold: "
        "the interval excludes 0; hatched: it does not, or is not known (—); n/a: not run for all of it. "
        f"n = {spread([gain.languages for gain in known])} languages × {spread([gain.seeds for gain in known])} seeds "
        "per cell."
    )
    height = sum(0.42 + 0.44 * len(recipes) for _ in gains) + 0.35
    figure = page(style, TITLE, caption, height)
    panels = figure.subplots(len(gains), 1, squeeze=False)[:, 0]
    # A fifth beyond the largest gain keeps the map's nearly black ends, which look alike in black and white, unused.
    largest = 1.2 * max([1.0, *(abs(gain.effect) for gain in known)])
    norm, colours = Normalize(-largest, largest), colormaps["PuOr"]
    metrics = [f"{target}\n{context['targets'][target]['metric']}" for target in targets]
    for axes, (encoder, panel) in zip(panels, gains.items(), strict=True):
        for row, recipe in enumerate(recipes):
            for column, target in enumerate([*targets, MEAN]):
                _cell(axes, row, column + 0.15 * (target == MEAN), panel.get((recipe, target)), norm, colours)
        _frame(axes, style, recipes, [*metrics, "mean of\ntargets"])
        if len(gains) > 1:
            axes.set_ylabel(encoder, weight="bold")
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=list(panels), aspect=18, pad=0.015, fraction=0.03)
    bar.set_label("gain (points)")
    bar.outline.set_visible(False)
    return Drawing(figure, caption, _alt(gains, recipes))


def _gains(scores: Scores, context: Context, encoder: str, recipes: Sequence[str]) -> dict[tuple[str, str], Gain]:
    """Gains by (recipe, target or ``mean``); pairs with missing scores are left out."""
    evidence = Evidence(scores, Examples(None, context), context, QUESTION, 0, "gain")
    gains = {}
    for recipe in recipes:
        arms = Arm(encoder, recipe), Arm(encoder, BASELINE)
        paired = evidence.compare(Pairing(encoder, recipe, BASELINE, (arms,)))
        for name in (*paired.targets, MEAN):
            targets = paired.targets if name == MEAN else (name,)
            if not targets or any(paired.missing[target] for target in targets):
                continue
            cells, _ = paired.part(targets, paired.languages)
            known = statistics.spread(cells)
            # Differences that are all 0 have an error of 0, which is not known to be one.
            reach = known.reach() if known.error else float("nan")
            gains[recipe, name] = Gain(statistics.effect(cells), reach, cells.shape[1], cells.shape[2])
    return gains


def _cell(axes: Axes, row: int, column: float, gain: Gain | None, norm: Normalize, colours: Colormap) -> None:
    """Colour, number and half interval of one cell."""
    fill = to_rgb("#eeeeee") if gain is None else to_rgb(colours(norm(gain.effect)))
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=fill, edgecolor="white", linewidth=2))
    if gain is not None and not gain.clear:
        hatched = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch="////", linewidth=0, edgecolor="#999999")
        axes.add_patch(hatched)
    ink = "black" if _luminance(fill) > EQUAL_CONTRAST else "white"
    text = "n/a"
    if gain is not None:
        text = f"{signed(gain.effect)}\n" + (f"± {gain.reach:.1f}" if np.isfinite(gain.reach) else "± —")
    weight = "bold" if gain is not None and gain.clear else "normal"
    label = axes.text(column, row, text, ha="center", va="center", color=ink, weight=weight, linespacing=1.15)
    label.set_path_effects([withStroke(linewidth=3, foreground=fill)])


def _frame(axes: Axes, style: Style, rows: Sequence[str], columns: Sequence[str]) -> None:
    positions = np.arange(len(columns), dtype=float)
    positions[-1] += 0.15
    axes.set(xlim=(-0.5, positions[-1] + 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(positions, columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)
    longest = max(len(line) for name in columns for line in name.split("\n"))
    # Inches: a letter is a little over half as wide as high; recipes and colour bar take two of the page.
    if (longest + 1) * 0.55 * style.font_size / 72 > (WIDTH - 2) / len(columns):
        axes.set_xticks(positions, columns, rotation=45, ha="left", ma="left", rotation_mode="anchor")


def _luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance of an sRGB colour (WCAG 2, 0 black to 1 white)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _alt(gains: dict[str, dict[tuple[str, str], Gain]], recipes: Sequence[str]) -> str:
    said = [
        f"{recipe} {signed(panel[recipe, MEAN].effect)} points"
        for panel in gains.values()
        for recipe in recipes
        if (recipe, MEAN) in panel
    ]
    return f"Heat map of gains over none by recipe and target. Means over targets: {', '.join(said) or 'none known'}."


KIND = Kind(
    "gain_heatmap",
    TITLE,
    1,
    lambda context: BASELINE in context["intermediate"] and len(context["intermediate"]) > 1,
    draw,
)
