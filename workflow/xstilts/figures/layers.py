"""Retrieval accuracy by the encoder's layer."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

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
from xstilts.figures.curves import grid, plot_bands
from xstilts.figures.style import Style
from xstilts.questions.summary import summary
from xstilts.questions.table import BASELINE, CLEAN, LAYER_METRIC, Context

TITLE = "Retrieval accuracy by layer"


def draw(scores: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One panel per encoder and retrieval target; one line per recipe."""
    targets = _targets(context)
    table = _by_layer(scores[scores["target"].isin(targets) & (scores["condition"] == CLEAN)], context)
    marks = style.marks(list(context["intermediate"]))
    panels = [(encoder, target) for encoder in context["encoders"] for target in targets]
    caption = (
        "Accuracy of nearest-neighbour retrieval of the English sentence from each layer's mean-pooled states "
        "(layer 0: the embeddings), mean over covered languages, clean inputs. Bands: 95 % interval (Student's t over "
        f"languages and seeds). n = {spread(table['n_languages'].tolist())} languages × "
        f"{count(len(context['seeds']), 'seed')}; “{BASELINE}” is the pretrained encoder itself, which no seed changes."
    )
    handles = recipe_handles(marks)
    if any(context["targets"][target]["chance"] is not None for target in targets):
        handles.append(reference_handle("chance"))
    figure, axes_of = grid(style, TITLE, caption, len(panels), handles)
    for axes, (encoder, target) in zip(axes_of, panels, strict=True):
        for recipe, mark in marks.items():
            key = (table["encoder"] == encoder) & (table["target"] == target) & (table["intermediate"] == recipe)
            line = table[key].sort_values("layer")
            plot_bands(axes, line["layer"], line["zero_shot"], line["ci_low"], line["ci_high"], mark)
        chance = context["targets"][target]["chance"]
        if chance is not None:
            reference_line(axes, chance)
        axes.set_title(panel_title(target, encoder, context), weight="bold")
        axes.set(xlabel="layer", ylabel="accuracy (%)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    alt = f"Line plots of {', '.join(targets)}: mean retrieval accuracy by encoder layer, per recipe."
    return Drawing(figure, caption, alt)


def _targets(context: Context) -> list[str]:
    return [name for name, target in context["targets"].items() if target["type"] == "retrieval"]


def _by_layer(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """The summary of every layer's metric, with its ``layer``."""
    found = sorted(
        (int(match[1]), match[0]) for match in map(LAYER_METRIC.fullmatch, scores["metric"].unique()) if match
    )
    tables = [summary(scores, context, metric=metric).assign(layer=layer) for layer, metric in found]
    return pd.concat(tables) if tables else summary(scores.iloc[:0], context).assign(layer=0)


KIND = Kind("layers", TITLE, 4, lambda context: bool(_targets(context)), draw)
