"""Every answer by language: a forest plot."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from xstilts.analysis.measures import registry
from xstilts.figures.base import Drawing, Kind, count, page, signed
from xstilts.figures.style import Style
from xstilts.questions.outcomes import OUTCOMES
from xstilts.questions.slices import ALL
from xstilts.questions.table import Context

TITLE = "Answers by language"
_LANGUAGE = "language="


def draw(answers: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One panel per question and contrast; one line per language, all together at the top."""
    rows = answers[(answers["baseline"] != "") & (answers["verdict"] != "unanswered")]
    rows = rows[(rows["slice"] == ALL) | rows["slice"].str.startswith(_LANGUAGE)]
    panels = [_told_once(group) for _, group in rows.groupby(["question", "encoder", "contrast"], sort=False)]
    caption = (
        "Level − baseline with its 95 % interval (paired; width by Student's t), mean over targets and seeds. Diamond: "
        "all languages together, n under its panel; right of 0 is for the level, but where its panel says against. A "
        "single language is taken as fixed, so its interval tells of its seeds and test examples only."
    )
    # Two panels beside each other have as many lines, drawn or not, so that lines are as far apart everywhere.
    lines = [max(map(len, panels[start : start + 2])) for start in range(0, len(panels), 2)] or [1]
    heights = [0.65 + 0.19 * max(number, 2) for number in lines]
    figure = page(style, TITLE, caption, sum(heights))
    grid = figure.subplots(len(lines), 2, squeeze=False, height_ratios=heights)
    for place, panel in enumerate(panels):
        _panel(grid.flat[place], panel, lines[place // 2], context, style)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    said = [f"{p.iloc[0]['question']} {p.iloc[0]['contrast']} {signed(p.iloc[0]['effect'])}" for p in panels]
    alt = f"Forest plots of effects by language. All languages together: {', '.join(said) or 'nothing is answered'}."
    return Drawing(figure, caption, alt)


def _told_once(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a panel; where there is one language, not all together besides."""
    return rows if len(rows) > 2 else rows[rows["slice"] != ALL]


def _panel(axes: Axes, rows: pd.DataFrame, lines: int, context: Context, style: Style) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        whole = row["slice"] == ALL
        color = style.palette[0 if whole else 2 % len(style.palette)]
        axes.plot([row["ci_low"], row["ci_high"]], [place, place], color=color, linewidth=1.4)
        axes.plot([row["effect"]], [place], marker="D" if whole else "o", color=color, ms=4)
    first = rows.iloc[0]
    axes.axvline(0, color="#777777", linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(rows)), [name.removeprefix(_LANGUAGE) for name in rows["slice"]])
    axes.set_ylim(lines - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=5)
    encoder = f", {first['encoder']}" if len(context["encoders"]) > 1 else ""
    axes.set_title(f"{first['question']}: {first['contrast']}{encoder}", weight="bold")
    n = " × ".join([count(first["n_languages"], "language"), count(first["n_seeds"], "seed")])
    question = context["questions"][first["question"]]
    against = "; right of 0: against" if question["direction"] == "negative" else ""
    axes.set_xlabel(f"{_outcome(question)}\n(n = {n}{against})")


def _outcome(question: Mapping[str, Any]) -> str:
    """What the effect is counted in: ``score (points)``, ``linear CKA with English``."""
    outcome = OUTCOMES[question["outcome"]]
    if outcome.representations:
        return registry()[question["measure"]].title + (", kept" if outcome.loss else "")
    return f"{outcome.title} (points)"


KIND = Kind("forest", TITLE, 0, lambda context: bool(context["questions"]), draw, table="answers")
