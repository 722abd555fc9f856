"""Zero-shot score in every language of every target."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xstilts.figures.base import (
    Drawing,
    Kind,
    count,
    page,
    panel_title,
    recipe_handles,
    reference_handle,
    reference_line,
    spread,
)
from xstilts.figures.style import Mark, Style
from xstilts.questions.table import BASELINE, CLEAN, ENGLISH, Context, languages_of

TITLE = "Score in every language"
ROOM = 0.7  # of a language's width, shared by its recipes
GAP = 0.6  # between English, covered and uncovered languages
UPRIGHT = 30  # more languages than these would touch each other


def draw(scores: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One panel per encoder and target; one dot per recipe and language."""
    clean = scores[(scores["condition"] == CLEAN) & np.isfinite(scores["value"].astype(float))]
    marks = style.marks(list(context["intermediate"]))
    panels = [(encoder, target) for encoder in context["encoders"] for target in context["targets"]]
    caption = (
        "Clean test sets. Dot: mean over seeds; vertical line: from the lowest to the highest seed "
        f"(n = {count(len(context['seeds']), 'seed')}; each title gives the test examples). Languages are "
        f"sorted by the score of “{BASELINE}”; English, the language of fine-tuning, stands apart on the left, "
        "languages that the encoder does not cover on the right."
    )
    handles = [*recipe_handles(marks, lines=False), reference_handle("chance")]
    figure = page(style, TITLE, caption, 1.55 * len(panels), handles)
    for axes, (encoder, target) in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
        metric, chance = (context["targets"][target][key] for key in ("metric", "chance"))
        rows = clean[(clean["encoder"] == encoder) & (clean["target"] == target) & (clean["metric"] == metric)]
        _panel(axes, rows, _groups(rows, context, encoder, target), marks)
        if chance is not None:
            reference_line(axes, chance)
        axes.set_ylabel(f"{metric} (%)")
        axes.set_title(
            f"{panel_title(target, encoder, context)}  (n = {spread(rows['n'].astype(int).tolist())} per language)",
            weight="bold",
        )
    alt = f"Dot plots of {', '.join(context['targets'])}: score per language for {', '.join(marks)}, beside chance."
    return Drawing(figure, caption, alt)


def _groups(rows: pd.DataFrame, context: Context, encoder: str, target: str) -> list[list[str]]:
    """English, covered and uncovered languages, the latter two from the highest score to the lowest."""
    recipes = list(rows["intermediate"].unique())
    first = BASELINE if BASELINE in recipes else next(iter(recipes), BASELINE)
    means = rows[rows["intermediate"] == first].groupby("language")["value"].mean().to_dict()
    present = set(rows["language"])

    def ordered(selection: str) -> list[str]:
        languages = [code for code in languages_of(context, encoder, target, selection) if code in present]
        return sorted(languages, key=lambda code: (-means.get(code, 0.0), code))

    return [[ENGLISH] if ENGLISH in present else [], ordered("covered"), ordered("uncovered")]


def _panel(axes: Axes, rows: pd.DataFrame, groups: Sequence[Sequence[str]], marks: dict[str, Mark]) -> None:
    places: dict[str, float] = {}
    start = 0.0
    for number, group in enumerate(groups):
        places |= {language: start + i for i, language in enumerate(group)}
        if group and number != 1:
            axes.axvspan(start - 0.5, start + len(group) - 0.5, color="#f0f0f0", zorder=0, linewidth=0)
        if group and number == 2:
            end, above = start + len(group) - 0.5, axes.get_xaxis_transform()
            axes.text(end, 1.04, "not covered", transform=above, ha="right", va="bottom", size="small", style="italic")
        start += len(group) + GAP * bool(group)
    for i, (recipe, mark) in enumerate(marks.items()):
        shift = ROOM * ((i + 0.5) / len(marks) - 0.5)
        values = rows[rows["intermediate"] == recipe].groupby("language")["value"].agg(["min", "mean", "max"])
        x = [places[language] + shift for language in values.index]
        axes.vlines(x, values["min"], values["max"], color=mark.color, linewidth=1, zorder=2)
        axes.plot(x, values["mean"], mark.marker, color=mark.color, ms=4, mew=0.4, mec="white", zorder=3)
    axes.set_xticks(list(places.values()), list(places))
    axes.set_xlim(-0.6, max(start - GAP, 1.0) - 0.4)
    axes.tick_params(axis="x", length=0, rotation=90 if len(places) > UPRIGHT else 0)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


KIND = Kind("language_scores", TITLE, 2, lambda context: True, draw)
