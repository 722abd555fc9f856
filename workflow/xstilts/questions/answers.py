"""Every question's answer: effect, interval, p, detectable effect and verdict, per contrast and target."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from xstilts.artifacts import atomic_file
from xstilts.questions import statistics
from xstilts.questions.contrast import Contrast, Question, contrast, slice_cells
from xstilts.questions.table import Context, Scores, checked, read_scores
from xstilts.seeds import derive_seed

ALL = "all"
SUPPORTED, REFUTED, INCONCLUSIVE, UNANSWERED = "supported", "refuted", "inconclusive", "unanswered"
SIGNIFICANCE = 0.05
NUMBERS = ["effect", "ci_low", "ci_high", "p", "p_holm", "minimum_detectable"]
COUNTS = ["n", "n_targets", "n_languages", "n_seeds"]
COLUMNS = [
    *("question", "encoder", "level", "baseline", "contrast", "slice", "outcome", "condition"),
    *("effect", "ci_low", "ci_high", "p", "p_holm", "n", "n_targets", "n_languages", "n_seeds"),
    *("minimum_detectable", "verdict", "missing"),
]


def answer_questions(scores: pd.DataFrame, context: Context, resamples: int = 10_000) -> pd.DataFrame:
    """One row per question, encoder, level and slice (each target, and ``all`` of them together).

    ``effect`` is level - baseline in percentage points (per cent of the clean score for ``relative_drop``), with its
    sign such that more is better: for the drops, positive means that the level loses less under the condition.
    ``n`` counts paired target x language x seed cells. ``p_holm`` is corrected over all rows of the question.

    The verdict is ``supported`` or ``refuted`` (by the sign of the effect) where the 95 % interval excludes 0 and
    ``p_holm`` < 0.05 and there are two seeds or more, and ``inconclusive`` otherwise. Where a score that the row needs
    is missing it is ``unanswered``, the numbers are NaN and ``missing`` names the runs to make.

    Raises:
        ConfigError: a question names something the study has not.
        DataError: the table lacks a column or holds a score twice.
    """
    indexed = Scores.of(checked(scores), context)
    rows: list[dict[str, Any]] = []
    for name, question in context["questions"].items():
        rows += _judged(list(_rows(indexed, context, name, question, resamples)))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype(dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(COUNTS, "int64"))


def read_answers(path: Path) -> pd.DataFrame:
    """Read ``answers.csv`` as :func:`main_answers` writes it."""
    types = {name: "float64" if name in NUMBERS else "int64" if name in COUNTS else "str" for name in COLUMNS}
    return pd.read_csv(path, dtype=types, keep_default_na=False, na_values={name: [""] for name in NUMBERS})


def main_answers(scores_csv: Path, context: Context, output: Path) -> None:
    """Answer a study's questions from its score table and write ``answers.csv``."""
    answers = answer_questions(read_scores(scores_csv), context)
    with atomic_file(output) as temporary:
        answers.to_csv(temporary, index=False, lineterminator="\n")


def _rows(scores: Scores, context: Context, name: str, question: Question, resamples: int) -> Iterator[dict[str, Any]]:
    for encoder in context["encoders"]:
        for level in question["levels"]:
            paired = contrast(scores, context, question, encoder, level)
            row = {
                "question": name,
                "encoder": encoder,
                "level": level,
                "baseline": question["baseline"],
                "contrast": f"{level} - {question['baseline']}",
                "outcome": question["outcome"],
                "condition": question["condition"],
            }
            for part in (ALL, *paired.targets):
                targets = paired.targets if part == ALL else (part,)
                seed = derive_seed("answer", name, encoder, level, part)
                yield row | {"slice": part} | _measured(paired, targets, resamples, seed)


def _measured(paired: Contrast, targets: tuple[str, ...], resamples: int, seed: int) -> dict[str, Any]:
    """The numbers of one row, or what is missing for them."""
    missing = [run for target in targets for run in paired.missing[target]]
    if not targets:
        missing = ["no target has a language in the question's selection"]
    if missing:
        return dict.fromkeys(COUNTS, 0) | {"missing": "; ".join(missing)}
    cells = slice_cells(paired, targets)
    distribution = statistics.bootstrap(cells, resamples, seed)
    low, high = statistics.interval(distribution)
    return {
        "effect": statistics.effect(cells),
        "ci_low": low,
        "ci_high": high,
        "p": statistics.sign_flip(cells, resamples, seed),
        "n": int((cells == cells).sum()),
        "n_targets": len(targets),
        "n_languages": cells.shape[1],
        "n_seeds": cells.shape[2],
        "minimum_detectable": statistics.minimum_detectable(distribution),
        "missing": "",
    }


def _judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the corrected p-values and verdicts of one question's rows."""
    tested = [row for row in rows if "p" in row]
    for row, corrected in zip(tested, statistics.holm([row["p"] for row in tested], len(rows)), strict=True):
        row["p_holm"] = corrected
    for row in rows:
        row["verdict"] = _verdict(row)
    return rows


def _verdict(row: dict[str, Any]) -> str:
    if row["missing"]:
        return UNANSWERED
    # One seed says nothing of how much seeds differ.
    if row["n_seeds"] < 2 or row["p_holm"] >= SIGNIFICANCE or row["ci_low"] <= 0 <= row["ci_high"]:
        return INCONCLUSIVE
    return SUPPORTED if row["effect"] > 0 else REFUTED
