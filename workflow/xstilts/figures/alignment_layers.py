"""Cross-lingual alignment by the encoder's layer, clean beside perturbed inputs."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from xstilts.analysis.measures import registry
from xstilts.figures.base import Drawing, Kind, count, page, panel_title, recipe_handles, spread
from xstilts.figures.curves import focus, plot_bands
from xstilts.figures.style import Style
from xstilts.questions import statistics
from xstilts.questions.table import BASELINE, CLEAN, ENGLISH, Context
from xstilts.seeds import derive_seed

TITLE = "Cross-lingual alignment by layer"

# Panels beside each other: clean inputs, and the strongest conditions of as many perturbations.
COLUMNS = 4
# What is drawn of the measures that a study has; all of them are in the table.
DRAWN = ("p_at_1_from_english", "margin", "cka", "isoscore")
RESAMPLES = 2_000


def draw(alignment: pd.DataFrame, context: Context, style: Style) -> Drawing:
    """One row of panels per encoder and measure, one column per condition; one line per recipe."""
    about = context["alignment"]
    phase = "target" if about["checkpoints"] in (["target"], ["pretrained", "target"]) else "intermediate"
    rows = _shown(alignment, context, phase)
    conditions = _conditions(context)
    measures = [name for name in DRAWN if name in about["measures"]] or list(about["measures"])
    panels = [(encoder, measure) for encoder in context["encoders"] for measure in measures]
    marks = style.marks([name for name in context["intermediate"] if name in set(rows["intermediate"])])
    languages = rows.groupby("condition")["language"].nunique().reindex(conditions).fillna(0).astype(int)
    when = {
        "intermediate": f"after intermediate training (“{BASELINE}”: the pretrained encoder, which no seed changes)",
        "target": f"after target fine-tuning on {', '.join(sorted(set(rows['target'])))}",
    }[phase]
    caption = (
        f"Sentences of {about['task']} and their English translations {when}, from each layer's "
        f"{about['pooling']}-pooled states (layer 0: the embeddings), mean over covered languages; English is "
        "always clean. Bands: 95 % interval "
        f"(Student's t over languages and seeds), cut off where high. n = {spread(languages.tolist())} languages × "
        f"{count(len(context['seeds']), 'seed')}, {spread(sorted(set(rows['n'])))} pairs each."
    )
    figure = page(style, TITLE, caption, 1.9 * len(panels) + 0.2, recipe_handles(marks))
    grid = figure.subplots(len(panels), len(conditions), squeeze=False, sharex=True, sharey="row")
    for (encoder, measure), line in zip(panels, grid, strict=True):
        means: list[float] = []
        for condition, axes in zip(conditions, line, strict=True):
            for recipe, mark in marks.items():
                curve = _curve(rows, encoder, measure, condition, recipe)
                plot_bands(axes, curve["layer"], curve["mean"], curve["low"], curve["high"], mark)
                means += list(curve["mean"])
            axes.set_title(panel_title(condition, encoder, context), weight="bold")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        line[0].set_ylabel(registry()[measure].title)
        focus(line[0], means)
    for axes in grid[-1]:
        axes.set_xlabel("layer")
    shown = ", ".join(registry()[name].title for name in measures)
    return Drawing(
        figure, caption, f"Line plots of {shown} by encoder layer, per recipe, under {', '.join(conditions)}."
    )


def _shown(alignment: pd.DataFrame, context: Context, phase: str) -> pd.DataFrame:
    """Rows of the phase, in the languages that the encoder covers; the pretrained encoder is ``none`` of its own."""
    phases = [phase, "pretrained"] if phase == "intermediate" else [phase]
    covered = {name: about["covered_languages"] for name, about in context["encoders"].items()}
    read = [
        covered[e] is None or code in covered[e]
        for e, code in zip(alignment["encoder"], alignment["language"], strict=True)
    ]
    return alignment[alignment["phase"].isin(phases) & np.array(read, bool) & (alignment["language"] != ENGLISH)]


def _conditions(context: Context) -> list[str]:
    """Clean inputs, then of every perturbation its strongest condition."""
    strongest: dict[str, str] = {}
    for name in context["alignment"]["conditions"]:
        label, strength = context["conditions"][name]["perturbation"], context["conditions"][name]["strength"]
        if label and strength >= context["conditions"].get(strongest.get(label, ""), {"strength": 0})["strength"]:
            strongest[label] = name
    return [CLEAN, *strongest.values()][:COLUMNS]


def _curve(rows: pd.DataFrame, encoder: str, measure: str, condition: str, recipe: str) -> pd.DataFrame:
    """Per layer the mean over targets, languages and seeds, with its interval."""
    wanted = (rows["encoder"] == encoder) & (rows["measure"] == measure)
    wanted &= (rows["condition"] == condition) & (rows["intermediate"] == recipe)
    found: list[dict[str, Any]] = []
    for layer, group in rows[wanted].groupby("layer"):
        cells = _cells(group)
        drawn = statistics.bootstrap(
            cells, RESAMPLES, derive_seed("alignment", encoder, measure, condition, recipe, layer)
        )
        # Student's t knows nothing of the scale's ends.
        low, high = np.clip(
            statistics.interval(drawn, statistics.effect(cells), statistics.spread(cells)), *registry()[measure].scale
        )
        found.append({"layer": layer, "mean": statistics.effect(cells), "low": low, "high": high})
    return pd.DataFrame(found, columns=["layer", "mean", "low", "high"])


def _cells(rows: pd.DataFrame) -> statistics.Array:
    """Values of shape ``(targets, languages, seeds)``; NaN where there is none."""
    seeded = rows.assign(seed=rows["seed"].fillna(-1))  # the pretrained encoder's one value stands for all seeds
    table = seeded.pivot(index=["target", "language"], columns="seed", values="value")
    targets, languages = (sorted(set(rows[name])) for name in ("target", "language"))
    cells: statistics.Array = table.reindex(pd.MultiIndex.from_product([targets, languages])).to_numpy(float)
    return cells.reshape(len(targets), len(languages), -1)


KIND = Kind("alignment_layers", TITLE, 5, lambda context: bool(context.get("alignment")), draw, table="alignment")
