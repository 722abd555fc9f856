"""Answers to questions over synthetic scores whose effects are known."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
import score_tables
from hypothesis import given, settings
from hypothesis import strategies as st

from xstilts.errors import ConfigError, DataError
from xstilts.questions import statistics
from xstilts.questions.answers import COLUMNS, answer_questions, main_answers, read_answers
from xstilts.questions.summary import summary

SCHEMA = Path(__file__).parents[2] / "workflow" / "schemas" / "answers.schema.json"
FEW = 2_000


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    return score_tables.context()


@pytest.fixture(scope="module")
def scores(study: dict[str, Any]) -> pd.DataFrame:
    return score_tables.scores(study)


@pytest.fixture(scope="module")
def answers(study: dict[str, Any], scores: pd.DataFrame) -> pd.DataFrame:
    return answer_questions(scores, study, FEW)


def row(answers: pd.DataFrame, question: str, level: str, part: str = "all") -> pd.Series:
    found = answers[(answers["question"] == question) & (answers["level"] == level) & (answers["slice"] == part)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.mark.parametrize(("level", "verdict"), [("nli", "supported"), ("commonsense", "refuted")])
def test_a_known_effect_is_recovered_and_judged(answers: pd.DataFrame, level: str, verdict: str) -> None:
    found = row(answers, "gain", level)
    assert found["effect"] == pytest.approx(score_tables.GAINS[level], abs=0.5)
    assert found["ci_low"] < score_tables.GAINS[level] < found["ci_high"]
    assert found["verdict"] == verdict
    assert (found["n"], found["n_targets"], found["n_languages"], found["n_seeds"]) == (150, 5, 10, 3)
    assert 0 < found["minimum_detectable"] < abs(found["effect"])


def test_an_answer_has_one_row_per_level_and_slice(study: dict[str, Any], answers: pd.DataFrame) -> None:
    assert len(answers[answers["question"] == "gain"]) == 3 * (1 + len(study["targets"]))
    assert list(answers.columns) == COLUMNS


def test_losing_less_under_noise_is_a_positive_effect(answers: pd.DataFrame) -> None:
    # nli's damage per unit of strength is 10 points less, at strength 0.2.
    found = row(answers, "robust", "nli")
    assert found["effect"] == pytest.approx(2.0, abs=0.6)
    assert found["verdict"] == "supported"


def test_relative_drop_is_in_per_cent_of_the_clean_score(study: dict[str, Any]) -> None:
    asked = score_tables.question("?", ["nli"], condition="swap20", outcome="relative_drop", targets=["xnli"])
    table = pd.DataFrame(
        [
            {"study": "s", "encoder": "mini", "intermediate": recipe, "method": "m", "target": "xnli", "seed": seed}
            | {"language": language, "condition": condition, "strength": 0.0, "metric": "accuracy", "n": 9}
            | {"value": value}
            for recipe, clean, noisy in [("none", 50.0, 40.0), ("nli", 60.0, 54.0)]
            for condition, value in [("clean", clean), ("swap20", noisy)]
            for seed in study["seeds"]
            for language in study["targets"]["xnli"]["languages"]
        ]
    )
    found = row(answer_questions(table, study | {"questions": {"q": asked}}, FEW), "q", "nli")
    assert found["effect"] == pytest.approx(20 - 10)
    zero = table.assign(value=table["value"].where(table["intermediate"] != "nli", 0.0))
    found = row(answer_questions(zero, study | {"questions": {"q": asked}}, FEW), "q", "nli")
    assert found["verdict"] == "unanswered" and "clean score of 0" in found["missing"]


def test_a_recipe_against_itself_is_no_effect(study: dict[str, Any], scores: pd.DataFrame) -> None:
    asked = {"itself": score_tables.question("?", ["none", "nli"], baseline="none")}
    found = row(answer_questions(scores, study | {"questions": asked}, FEW), "itself", "none")
    assert (found["effect"], found["ci_low"], found["ci_high"], found["p"]) == (0, 0, 0, 1)
    assert found["verdict"] == "inconclusive"


def test_missing_runs_are_named_instead_of_answered(study: dict[str, Any], scores: pd.DataFrame) -> None:
    run = (scores["intermediate"] == "nli") & (scores["target"] == "xnli") & (scores["seed"] == 2)
    part = (scores["intermediate"] == "none") & (scores["target"] == "udpos") & (scores["language"] == "th")
    found = answer_questions(scores[~(run | (part & (scores["seed"] == 3))).fillna(False)], study, FEW)
    whole, target = row(found, "gain", "nli"), row(found, "gain", "nli", "xnli")
    assert whole["verdict"] == target["verdict"] == "unanswered"
    assert np.isnan(whole["effect"]) and target["missing"] == "mini/nli/xnli/seed2/clean"
    assert "mini/none/udpos/seed3/clean (th)" in whole["missing"]
    assert row(found, "gain", "nli", "pawsx")["verdict"] == "supported"


def test_the_pretrained_encoders_retrieval_is_every_seeds_baseline(study: dict[str, Any], scores: pd.DataFrame) -> None:
    assert row(answer_questions(scores, study, FEW), "gain", "nli", "tatoeba")["n"] == 30
    without = scores[~((scores["intermediate"] == "none") & (scores["target"] == "tatoeba"))]
    assert row(answer_questions(without, study, FEW), "gain", "nli", "tatoeba")["missing"] == (
        "mini/none/tatoeba/pretrained/clean"
    )


def test_a_score_that_is_not_a_number_is_missing(study: dict[str, Any], scores: pd.DataFrame) -> None:
    broken = scores.copy()
    broken.loc[(broken["intermediate"] == "qa") & (broken["language"] == "de"), "value"] = np.nan
    assert "(de)" in row(answer_questions(broken, study, FEW), "gain", "qa")["missing"]


def test_a_condition_not_defined_for_a_language_leaves_it_out(study: dict[str, Any], scores: pd.DataFrame) -> None:
    undefined = (scores["language"] == "th") & (scores["condition"] == "swap20")
    found = row(answer_questions(scores[~undefined], study, FEW), "robust", "nli")
    assert found["verdict"] == "supported" and found["n_languages"] == 9


def test_the_order_of_rows_does_not_matter(study: dict[str, Any], scores: pd.DataFrame, answers: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(answer_questions(scores.sample(frac=1, random_state=0), study, FEW), answers)


def test_only_the_selected_languages_count(study: dict[str, Any], scores: pd.DataFrame) -> None:
    counts = {"covered": 10, "zero_shot": 12, "all": 13}
    asked = {name: score_tables.question("?", ["nli"], targets=["xnli"], languages=name) for name in counts}
    found = answer_questions(scores, study | {"questions": asked}, FEW)
    assert {name: row(found, name, "nli")["n_languages"] for name in counts} == counts


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"outcome": "speed"}, "outcome 'speed'"),
        ({"condition": "rain"}, "condition 'rain'"),
        ({"targets": ["xnIi"]}, "targets 'xnIi'"),
        ({"languages": "some"}, "languages 'some'"),
        ({"baseline": "nothing"}, "baseline 'nothing'"),
    ],
)
def test_a_question_about_something_unknown_is_refused(
    study: dict[str, Any], scores: pd.DataFrame, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        answer_questions(scores, study | {"questions": {"q": score_tables.question("?", ["nli"], **change)}}, FEW)


def test_bad_tables_are_refused(study: dict[str, Any], scores: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column value"):
        answer_questions(scores.drop(columns="value"), study, FEW)
    with pytest.raises(DataError, match="1 scores are given twice"):
        answer_questions(pd.concat([scores, scores.iloc[:1]]), study, FEW)
    with pytest.raises(DataError, match="no such file"):
        main_answers(tmp_path / "scores.csv", study, tmp_path / "answers.csv")
    (tmp_path / "scores.csv").write_text("seed,value\n1,much\n")
    with pytest.raises(DataError, match="not a score table"):
        main_answers(tmp_path / "scores.csv", study, tmp_path / "answers.csv")
    assert not (tmp_path / "answers.csv").exists()


def test_answers_from_files_follow_the_schema(study: dict[str, Any], scores: pd.DataFrame, tmp_path: Path) -> None:
    partial = scores[~((scores["target"] == "xnli") & (scores["intermediate"] == "qa"))]
    partial.to_csv(tmp_path / "scores.csv", index=False)
    main_answers(tmp_path / "scores.csv", study, tmp_path / "answers.csv")
    written = read_answers(tmp_path / "answers.csv")
    pd.testing.assert_frame_equal(written, answer_questions(partial, study), check_dtype=False)
    schema = json.loads(SCHEMA.read_text())
    assert list(schema["items"]["properties"]) == COLUMNS
    jsonschema.validate(json.loads(written.to_json(orient="records")), schema)
    assert set(written["verdict"]) >= {"supported", "refuted", "unanswered"}


def test_the_summary_puts_scores_beside_chance(study: dict[str, Any], scores: pd.DataFrame) -> None:
    table = summary(scores, study)
    assert len(table) == 4 * 5 * 3
    nli = table[(table["intermediate"] == "nli") & (table["target"] == "xnli") & (table["condition"] == "clean")].iloc[
        0
    ]
    cells = scores[(scores["intermediate"] == "nli") & (scores["target"] == "xnli") & (scores["condition"] == "clean")]
    assert nli["zero_shot"] == pytest.approx(cells[cells["language"].isin(score_tables.COVERED)]["value"].mean())
    assert nli["english"] == pytest.approx(cells[cells["language"] == "en"]["value"].mean())
    assert nli["ci_low"] < nli["zero_shot"] < nli["ci_high"]
    assert (nli["n_languages"], nli["n_seeds"], nli["n_examples"]) == (10, 3, 10_000)
    assert nli["chance"] == pytest.approx(100 / 3)
    pretrained = table[(table["intermediate"] == "none") & (table["target"] == "tatoeba")].iloc[0]
    assert pretrained["n_seeds"] == 0 and np.isnan(pretrained["english"])


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    hits = 0
    for study in range(200):
        shared = generator.normal(0, 1.5, (1, 12, 1))
        cells = 2.0 + shared + generator.normal(0, 0.7, (1, 12, 3))
        low, high = statistics.interval(statistics.bootstrap(cells, 500, study))
        hits += low <= 2.0 <= high
    assert 0.90 <= hits / 200 <= 0.99


def test_a_lucky_seed_widens_the_interval() -> None:
    lucky = np.zeros((1, 12, 3)) + np.array([0.0, 0.0, 6.0])
    low, high = statistics.interval(statistics.bootstrap(lucky, FEW, 1))
    assert low <= 0 and high >= 4


def test_targets_weigh_the_same_however_many_languages_they_have() -> None:
    cells = np.full((2, 10, 1), 1.0)
    cells[1], cells[1, 0] = np.nan, 3.0
    assert statistics.effect(cells) == pytest.approx(2.0)


def test_sign_flip_is_exact_for_few_units() -> None:
    assert statistics.sign_flip(np.ones((1, 6, 2)), 10, 0) == 2 / 2**6
    assert statistics.sign_flip(np.array([[[1.0], [-1.0]]]), 10, 0) == 1.0


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values: list[float]) -> None:
    corrected = statistics.holm(values)
    assert all(p <= q <= 1 for p, q in zip(values, corrected, strict=True))
    assert [corrected[i] for i in np.argsort(values, kind="stable")] == sorted(corrected)


def test_holm_as_published() -> None:
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([0.01], family=5) == pytest.approx([0.05])
