"""Every question's answer: effect, interval, p, detectable effect and verdict, per contrast and slice."""

import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xstilts.analysis.table import read_alignment
from xstilts.artifacts import atomic_file
from xstilts.errors import ConfigError, DataError, XstiltsError
from xstilts.questions import statistics
from xstilts.questions.contrast import Arm, Cells, Evidence, Question, pairings
from xstilts.questions.correlation import STATISTICS, correlation, correlation_interval, detectable, permuted
from xstilts.questions.covariates import covariate_of, read_difficulty
from xstilts.questions.examples import Examples
from xstilts.questions.outcomes import OUTCOMES
from xstilts.questions.slices import ALL, Slice, slices
from xstilts.questions.table import Context, Scores, alignment_view, checked, read_scores
from xstilts.seeds import derive_seed

SUPPORTED, REFUTED, INCONCLUSIVE, UNANSWERED = "supported", "refuted", "inconclusive", "unanswered"
SIGNIFICANCE = 0.05
RESAMPLES = 10_000
NUMBERS = ["effect", "ci_low", "ci_high", "p", "p_holm", "minimum_detectable"]
COUNTS = ["n", "n_recipes", "n_targets", "n_languages", "n_seeds", "n_examples"]
COLUMNS = [
    *("question", "encoder", "level", "baseline", "contrast", "slice", "outcome", "condition"),
    *("effect", "ci_low", "ci_high", "p", "p_holm", *COUNTS),
    *("minimum_detectable", "verdict", "missing"),
]

# What ``missing`` begins with where it does not name runs but says why the question failed.
FAILED = "failed: "
# Of a row that is not judged yet: what it finds among so many tests, as p and detectable effect.
_TESTED = "tested"

Row = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """What the questions are answered from.

    Attributes:
        scores: the score table.
        predictions: the folder of predictions; None: test examples are taken as fixed.
        alignment: the table of representations' measures, where the study has one.
        difficulty: the table of the recipes' difficulty, where the study measures it.
    """

    scores: pd.DataFrame
    predictions: Path | None = None
    alignment: pd.DataFrame | None = None
    difficulty: pd.DataFrame | None = None
    _examples: list[Examples] = field(default_factory=list)

    def evidence(self, context: Context, name: str, resamples: int) -> Evidence:
        """What one question of the context is answered from."""
        question = context["questions"][name]
        if question["outcome"] in OUTCOMES and OUTCOMES[question["outcome"]].representations:
            if self.alignment is None:
                raise ConfigError(f"questions: {name} is about alignment, which the study does not measure; add it")
            found, swapped = alignment_view(self.alignment, context, question)
            return Evidence(found, Examples(None, swapped), swapped, question, 0, name)
        if not self._examples:
            self._examples.append(Examples(self.predictions, context))
        return Evidence(Scores.of(self.scores, context), self._examples[0], context, question, resamples, name)


def answer_questions(tables: Tables, context: Context, resamples: int = RESAMPLES) -> pd.DataFrame:
    """One row per question, contrast and slice (everything together, targets, families, scripts, distances, languages).

    ``effect`` is level - baseline (in percentage points; per cent of the clean score for ``relative_drop``; a
    measure's own unit for ``alignment`` and ``stability``), with its sign such that more is better: of losses, positive
    means that the level loses less under the condition. Of a correlation it is the coefficient over recipes. ``n``
    counts paired target x language x seed cells, of a correlation recipes.

    ``p`` of a contrast is the larger of the sign-flip permutation's over languages and of Student's t test with the
    interval's standard error, which keeps together what shares a seed; a single language cannot be flipped and has the
    latter alone. ``p_holm`` is corrected over the question's rows of the same kind: its ``all`` rows, which are its
    answer, its targets, its families and so on. Among several rows the second p is by Banerjee's bound, in the place of
    Student's t, and ``minimum_detectable`` is the effect that a row finds four times out of five though no
    other of its kind is significant: infinite where no effect can be found, because there is one seed, or there are too
    few languages to flip (of a correlation: recipes to permute) for so many rows.

    The verdict is ``supported`` or ``refuted`` (by the effect's sign, against the question's ``direction``) where the
    95 % interval excludes 0 and ``p_holm`` < 0.05 and there are two seeds or more, and ``inconclusive`` otherwise.
    Where a score that the row needs is missing it is ``unanswered``, the numbers are NaN and ``missing`` names the runs
    to make. A question that fails has such rows alone, which say why, and costs the others nothing.

    Raises:
        DataError: the table lacks a column or holds a score twice, or predictions are damaged. The others are read from
            the same files, which are made again.
    """
    checked(tables.scores)
    rows: list[Row] = []
    for name, question in context["questions"].items():
        try:
            found = list(_answered(tables, context, name, resamples))
        except DataError:
            raise
        except Exception as error:
            found = _failed(context, name, error)
        rows += _judged(found, question["direction"])
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype(dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(COUNTS, "int64"))


def _answered(tables: Tables, context: Context, name: str, resamples: int) -> Iterator[Row]:
    evidence = tables.evidence(context, name, resamples)
    kind = _contrast_rows if context["questions"][name].get("covariate") is None else _correlation_rows
    return kind(evidence, tables, name, resamples)


def _failed(context: Context, name: str, error: Exception) -> list[Row]:
    """Rows of a question that could not be computed; whatever is no mistake of the study is told in full."""
    question = context["questions"][name]
    expected = isinstance(error, XstiltsError)
    if not expected:
        traceback.print_exception(error, file=sys.stderr)
    why = " ".join(str(error).split()) if expected else f"{type(error).__name__}: {error}; the log says where"
    print(f"warning: question {name} failed, the others are answered: {why}", file=sys.stderr)
    covariate, factor = question.get("covariate"), question["factor"]
    levels, baseline = ([covariate], "") if covariate else (question["levels"], question["baseline"])
    encoders = {level: [level] if factor == "encoder" else list(context["encoders"]) for level in levels}
    return [
        _named(name, question, encoder, level, baseline)
        | {"contrast": f"{level} - {baseline}" if baseline else level, "slice": ALL}
        | _nothing(FAILED + why)
        for level in levels
        for encoder in encoders[level]
    ]


def read_answers(path: Path) -> pd.DataFrame:
    """Read ``answers.csv`` as :func:`main_answers` writes it."""
    types = {name: "float64" if name in NUMBERS else "int64" if name in COUNTS else "str" for name in COLUMNS}
    return pd.read_csv(path, dtype=types, keep_default_na=False, na_values={name: [""] for name in NUMBERS})


def main_answers(
    scores_csv: Path,
    context: Context,
    output: Path,
    predictions: Path | None = None,
    alignment_csv: Path | None = None,
    difficulty_csv: Path | None = None,
) -> None:
    """Answer a study's questions from its tables and write ``answers.csv``."""
    tables = Tables(
        read_scores(scores_csv),
        predictions,
        None if alignment_csv is None else read_alignment(alignment_csv),
        None if difficulty_csv is None else read_difficulty(difficulty_csv),
    )
    answers = answer_questions(tables, context)
    with atomic_file(output) as temporary:
        answers.to_csv(temporary, index=False, lineterminator="\n")


def _contrast_rows(evidence: Evidence, tables: Tables, name: str, resamples: int) -> Iterator[Row]:
    for pairing in pairings(evidence.context, evidence.question):
        paired = evidence.compare(pairing)
        row = _named(name, evidence.question, pairing.encoder, pairing.level, pairing.baseline) | {
            "contrast": f"{pairing.level} - {pairing.baseline}",
            "n_recipes": len(pairing.pairs),
        }
        for part in slices(paired.targets, paired.languages):
            seed = derive_seed("answer", name, pairing.encoder, pairing.level, part.name)
            yield row | {"slice": part.name} | _contrasted(paired, part, resamples, seed)


def _contrasted(paired: Cells, part: Slice, resamples: int, seed: int) -> Row:
    """The numbers of one row, or what is missing for them."""
    lacking = _missing([paired], part)
    if lacking:
        return lacking
    cells, draws = paired.part(part.targets, part.languages)
    effect, known = statistics.effect(cells), statistics.spread(cells, draws)
    low, high = statistics.interval(statistics.bootstrap(cells, resamples, seed, draws), effect, known)
    flipped = statistics.sign_flip(cells, resamples, seed) if cells.shape[1] > 1 else 0.0
    return _counted(paired, part, cells) | {
        "effect": effect,
        "ci_low": low,
        "ci_high": high,
        "n": int(np.isfinite(cells).sum()),
        _TESTED: partial(_differing, effect, known, flipped, statistics.smallest_p(cells.shape[1], resamples)),
    }


def _differing(
    effect: float, known: statistics.Spread, flipped: float, smallest: float, tests: int
) -> tuple[float, float]:
    p = float(np.maximum(flipped, known.p_value(effect, tests)))
    return p, known.minimum_detectable(tests) if smallest * tests < SIGNIFICANCE else np.inf


def _correlation_rows(evidence: Evidence, tables: Tables, name: str, resamples: int) -> Iterator[Row]:
    question = evidence.question
    covariate = question["covariate"]
    known = covariate_of(tables.difficulty, covariate)
    wanted = question["levels"] or [n for n, recipe in evidence.context["intermediate"].items() if recipe["tasks"]]
    for encoder in evidence.context["encoders"]:
        recipes = [recipe for recipe in wanted if (encoder, recipe) in known]
        if question["levels"] and len(recipes) < len(wanted):
            absent = ", ".join(recipe for recipe in wanted if recipe not in recipes)
            raise ConfigError(f"questions: {name}: no {covariate} is known of {absent}; mend levels")
        measured = np.array([known[encoder, recipe] for recipe in recipes])
        arms = evidence.values([Arm(encoder, recipe) for recipe in recipes])
        row = _named(name, question, encoder, covariate, "")
        for part in slices(arms[0].targets, arms[0].languages) if arms else [Slice(ALL, (), ())]:
            seed = derive_seed("answer", name, encoder, part.name)
            found = _correlated(arms, part, measured, resamples, seed)
            for statistic in STATISTICS:
                contrast = f"{statistic}({covariate}, {OUTCOMES[question['outcome']].title})"
                yield row | {"contrast": contrast, "slice": part.name, "n_recipes": len(recipes)} | found[statistic]


def _correlated(
    arms: list[Cells], part: Slice, covariate: statistics.Array, resamples: int, seed: int
) -> dict[str, Row]:
    lacking = _missing(arms, part) if len(arms) > 1 else _nothing("at least two recipes whose covariate is known")
    if lacking:
        return dict.fromkeys(STATISTICS, lacking)
    parts = [arm.part(part.targets, part.languages) for arm in arms]
    outcome = np.array([statistics.effect(cells) for cells, _ in parts])
    # One seed for all arms: they share the resampled languages and seeds as they share the examples.
    drawn = np.stack([statistics.bootstrap(cells, resamples, seed, draws) for cells, draws in parts], axis=1)
    found = {}
    for name in STATISTICS:
        value = float(correlation(name, covariate, outcome))
        tested = partial(_permuted, name, permuted(name, covariate, outcome, resamples, seed), len(arms))
        low, high = correlation_interval(name, covariate, drawn, value, seed)
        found[name] = _counted(arms[0], part, parts[0][0]) | {
            "effect": value if np.isfinite(value) else 0.0,
            "ci_low": low,
            "ci_high": high,
            "n": len(arms),
            _TESTED: tested,
        }
    return found


def _permuted(name: str, p: float, recipes: int, tests: int) -> tuple[float, float]:
    return p, detectable(name, recipes, tests)


def _named(name: str, question: Question, encoder: str, level: str, baseline: str) -> Row:
    about = {"question": name, "encoder": encoder, "level": level, "baseline": baseline}
    return about | {"outcome": question["outcome"], "condition": question["condition"]}


def _missing(cells: list[Cells], part: Slice) -> Row | None:
    if not part.targets:
        return _nothing("a target with a language of the question's selection")
    runs = [run for arm in cells for target in part.targets for run in arm.missing[target]]
    return _nothing("; ".join(dict.fromkeys(runs))) if runs else None


def _nothing(reason: str) -> Row:
    return dict.fromkeys(COUNTS, 0) | {"missing": reason}


def _counted(cells: Cells, part: Slice, values: statistics.Array) -> Row:
    there = (values == values).any(axis=2)
    examples = [cells.examples.get((target, code), 0) for target in part.targets for code in part.languages]
    return {
        "n_targets": int(there.any(axis=1).sum()),
        "n_languages": values.shape[1],
        "n_seeds": values.shape[2],
        "n_examples": sum(examples),
        "missing": "",
    }


def _judged(rows: list[Row], direction: str) -> list[Row]:
    """Add the corrected p-values and verdicts of one question's rows."""
    families: dict[str, list[Row]] = {}
    for row in rows:
        families.setdefault(row["slice"].partition("=")[0], []).append(row)
    for family in families.values():
        for row in family:
            if _TESTED in row:
                row["p"], detectable = row.pop(_TESTED)(len(family))
                row["minimum_detectable"] = detectable if row["n_seeds"] > 1 else np.inf
        tested = [row for row in family if np.isfinite(row.get("p", np.nan))]
        for row, corrected in zip(tested, statistics.holm([row["p"] for row in tested], len(family)), strict=True):
            row["p_holm"] = corrected
    for row in rows:
        row["verdict"] = _verdict(row, direction)
    return rows


def _verdict(row: Mapping[str, Any], direction: str) -> str:
    if row["missing"]:
        return UNANSWERED
    # One seed says nothing of how much seeds differ. An interval that is not known excludes nothing.
    excluded = row["ci_low"] > 0 or row["ci_high"] < 0
    if row["n_seeds"] < 2 or not excluded or row["p_holm"] >= SIGNIFICANCE:
        return INCONCLUSIVE
    return SUPPORTED if (row["effect"] > 0) == (direction == "positive") else REFUTED
