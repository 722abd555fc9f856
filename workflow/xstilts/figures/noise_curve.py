"""How the zero-shot score falls as the test inputs get noisier."""

import pandas as pd
from matplotlib.axes import Axes

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
from xstilts.figures.curves import focus, grid, plot_bands
from xstilts.figures.style import Mark, Style
from xstilts.questions.summary import summary
from xstilts.questions.table import CLEAN, Context

TITLE = "Score against noise"


def draw(scores: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One panel per encoder, target and perturbation; one line per recipe."""
    table = summary(scores, context)
    strengths = {name: float(condition["strength"]) for name, condition in context["conditions"].items()}
    table["strength"] = table["condition"].map(strengths).astype(float)
    marks = style.marks(list(context["intermediate"]))
    perturbations = _scored(context)
    panels = [
        (encoder, target, perturbation)
        for encoder in context["encoders"]
        for target in context["targets"]
        for perturbation in perturbations
        if _measured(table, context, encoder, target, perturbation)
    ]
    drawn = table[table["target"].isin([target for _, target, _ in panels])]
    caption = (
        "Zero-shot score, mean over covered languages, against the strength of the perturbation "
        f"({', '.join(perturbations)}; 0: clean). Bands: 95 % interval of the mean (Student's t over languages and "
        "seeds), which shows how far languages differ, not how recipes do: those are compared pairwise in the answers. "
        f"High bands are cut off. n = {spread(drawn['n_languages'].tolist())} languages × "
        f"{count(len(context['seeds']), 'seed')}."
    )
    handles = recipe_handles(marks)
    if drawn["chance"].notna().any():
        handles.append(reference_handle("chance"))
    figure, axes_of = grid(style, TITLE, caption, len(panels), handles)
    for axes, (encoder, target, perturbation) in zip(axes_of, panels, strict=True):
        shown = [
            name for name, c in context["conditions"].items() if c["perturbation"] == perturbation or name == CLEAN
        ]
        rows = table[(table["encoder"] == encoder) & (table["target"] == target) & table["condition"].isin(shown)]
        _panel(axes, rows.sort_values("strength"), marks)
        title = panel_title(target, encoder, context)
        axes.set_title(title if len(perturbations) == 1 else f"{title}: {perturbation}", weight="bold")
        axes.set_ylabel(f"{context['targets'][target]['metric']} (%)")
        axes.set_xlabel("strength (rate)")
    alt = f"Line plots of {', '.join(context['targets'])}: mean zero-shot score by perturbation strength, per recipe."
    return Drawing(figure, caption, alt)


def _scored(context: Context) -> list[str]:
    """Perturbations that some target is scored under; others are about alignment alone."""
    return sorted({c["perturbation"] for c in context["conditions"].values() if c["perturbation"] and c["targets"]})


def _measured(table: pd.DataFrame, context: Context, encoder: str, target: str, perturbation: str) -> bool:
    """Whether a target was scored under a perturbation; a condition may leave targets out."""
    conditions = [name for name, about in context["conditions"].items() if about["perturbation"] == perturbation]
    rows = (table["encoder"] == encoder) & (table["target"] == target) & table["condition"].isin(conditions)
    return bool(rows.any())


def _panel(axes: Axes, rows: pd.DataFrame, marks: dict[str, Mark]) -> None:
    for recipe, mark in marks.items():
        line = rows[rows["intermediate"] == recipe]
        plot_bands(axes, line["strength"], line["zero_shot"], line["ci_low"], line["ci_high"], mark)
    axes.set_xticks(sorted(set(rows["strength"])))
    known = rows["chance"].dropna().unique()
    for chance in known:
        reference_line(axes, chance)
    focus(axes, [*rows["zero_shot"], *known])


KIND = Kind(
    "noise_curve",
    TITLE,
    3,
    lambda context: bool(_scored(context)),
    draw,
)
