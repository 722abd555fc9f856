"""Build the report: one HTML file without scripts or anything to download."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from xstilts.analysis.runs import read_runs
from xstilts.artifacts import atomic_file
from xstilts.questions.answers import read_answers
from xstilts.questions.table import read_scores
from xstilts.report import tables, words
from xstilts.report.published import beside_published

# Figures that belong to the answers; the others come after the scores.
FIRST_PAGE = ("forest", "noise_curve", "alignment_layers", "difficulty_scatter")


def build_report(
    scores: pd.DataFrame,
    answers: pd.DataFrame,
    runs: pd.DataFrame,
    context: Mapping[str, Any],
    figures_dir: Path,
    output: Path,
) -> None:
    """Write the report of a study.

    Args:
        scores: the score table.
        answers: what :func:`xstilts.questions.answers.answer_questions` returned for it.
        runs: the table of training runs.
        context: the study's context; with published results, ``published``.
        figures_dir: where :func:`xstilts.figures.draw_all` drew.
        output: the HTML file; links to manifests are relative to its folder.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xstilts.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": words.number,
        "duration": words.duration,
        "detectable": words.detectable,
        "lacking": words.lacking,
        "effect": words.effect_of,
        "small": words.small,
        "difference": words.difference,
        "outcome": words.outcome,
        "settings": tables.settings,
    }
    html = environment.get_template("template.html").render(
        context=context,
        questions=tables.questions(answers, scores, context),
        summaries=tables.summaries(scores, context),
        published=beside_published(scores, context.get("published", []), context),
        language_tables=tables.language_tables(scores, context),
        training=tables.training(runs, context),
        figures=tables.figures(figures_dir),
        first_page=FIRST_PAGE,
        manifests=tables.manifests(context, output),
        versions=tables.versions(),
        interval=words.interval,
        verdicts=words.VERDICTS,
    )
    with atomic_file(output) as temporary:
        temporary.write_text(html, encoding="utf-8")


def write_report(
    scores_csv: Path,
    answers_csv: Path,
    training_csv: Path,
    context: Mapping[str, Any],
    figures_dir: Path,
    output: Path,
) -> None:
    """Build the report from the files that earlier rules wrote."""
    build_report(
        read_scores(scores_csv), read_answers(answers_csv), read_runs(training_csv), context, figures_dir, output
    )
