"""Answers to questions over synthetic scores whose effects are known."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
import score_tables

from xstilts.errors import DataError
from xstilts.questions.answers import COLUMNS, Tables, answer_questions, main_answers, read_answers
from xstilts.questions.levels import clean_scores
from xstilts.questions.outcomes import OUTCOMES
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
    return answer_questions(Tables(scores), study, FEW)


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
    named = answers[answers["question"] == "gain"]["slice"].str.partition("=")[0].value_counts()
    # Two languages or more of a family (Germanic, Romance, but one each of the others), a script and a distance.
    assert named.to_dict() == {
        "all": 3,
        "target": 3 * len(study["targets"]),
        "family": 3,
        "script": 3,
        "distance": 9,
        "language": 30,
    }
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
    found = row(answer_questions(Tables(table), study | {"questions": {"q": asked}}, FEW), "q", "nli")
    assert found["effect"] == pytest.approx(20 - 10)
    zero = table.assign(value=table["value"].where(table["intermediate"] != "nli", 0.0))
    found = row(answer_questions(Tables(zero), study | {"questions": {"q": asked}}, FEW), "q", "nli")
    assert found["verdict"] == "unanswered" and "clean score of 0" in found["missing"]


def test_a_recipe_against_itself_is_no_effect(study: dict[str, Any], scores: pd.DataFrame) -> None:
    asked = {"itself": score_tables.question("?", ["none", "nli"], baseline="none")}
    found = row(answer_questions(Tables(scores), study | {"questions": asked}, FEW), "itself", "none")
    assert (found["effect"], found["ci_low"], found["ci_high"], found["p"]) == (0, 0, 0, 1)
    assert found["verdict"] == "inconclusive"


def test_missing_runs_are_named_instead_of_answered(study: dict[str, Any], scores: pd.DataFrame) -> None:
    run = (scores["intermediate"] == "nli") & (scores["target"] == "xnli") & (scores["seed"] == 2)
    part = (scores["intermediate"] == "none") & (scores["target"] == "udpos") & (scores["language"] == "th")
    found = answer_questions(Tables(scores[~(run | (part & (scores["seed"] == 3))).fillna(False)]), study, FEW)
    whole, target = row(found, "gain", "nli"), row(found, "gain", "nli", "target=xnli")
    assert whole["verdict"] == target["verdict"] == "unanswered"
    assert np.isnan(whole["effect"]) and target["missing"] == "mini/nli/xnli/seed2/clean"
    assert "mini/none/udpos/seed3/clean (th)" in whole["missing"]
    assert row(found, "gain", "nli", "target=pawsx")["verdict"] == "supported"


def test_the_pretrained_encoders_retrieval_is_every_seeds_baseline(study: dict[str, Any], scores: pd.DataFrame) -> None:
    assert row(answer_questions(Tables(scores), study, FEW), "gain", "nli", "target=tatoeba")["n"] == 30
    without = scores[~((scores["intermediate"] == "none") & (scores["target"] == "tatoeba"))]
    assert row(answer_questions(Tables(without), study, FEW), "gain", "nli", "target=tatoeba")["missing"] == (
        "mini/none/tatoeba/pretrained/clean"
    )


def test_a_score_that_is_not_a_number_is_missing(study: dict[str, Any], scores: pd.DataFrame) -> None:
    broken = scores.copy()
    broken.loc[(broken["intermediate"] == "qa") & (broken["language"] == "de"), "value"] = np.nan
    assert "(de)" in row(answer_questions(Tables(broken), study, FEW), "gain", "qa")["missing"]


def test_a_condition_not_defined_for_a_language_leaves_it_out(study: dict[str, Any], scores: pd.DataFrame) -> None:
    undefined = (scores["language"] == "th") & (scores["condition"] == "swap20")
    found = row(answer_questions(Tables(scores[~undefined]), study, FEW), "robust", "nli")
    assert found["verdict"] == "supported" and found["n_languages"] == 9
    # What it is lost from is told of the same languages: the one that is left out would be far better on clean inputs.
    lucky = (scores["language"] == "th") & (scores["condition"] == "clean") & (scores["intermediate"] == "nli")
    table = scores[~undefined].copy()
    table.loc[lucky[~undefined], "value"] = 100.0
    assert clean_scores(table, study, "robust") == clean_scores(scores[~undefined], study, "robust")
    assert clean_scores(table, study, "robust")["mini", "nli"][0] > 0


def test_the_order_of_rows_does_not_matter(study: dict[str, Any], scores: pd.DataFrame, answers: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(answer_questions(Tables(scores.sample(frac=1, random_state=0)), study, FEW), answers)


def test_the_order_of_languages_seeds_and_questions_decides_nothing(
    study: dict[str, Any], scores: pd.DataFrame, answers: pd.DataFrame
) -> None:
    targets = {name: about | {"languages": about["languages"][::-1]} for name, about in study["targets"].items()}
    questions = dict(reversed(study["questions"].items()))
    turned = study | {"targets": targets, "seeds": study["seeds"][::-1], "questions": questions}
    keys = ["question", "level", "slice"]
    found = answer_questions(Tables(scores), turned, FEW)
    pd.testing.assert_frame_equal(
        found.sort_values(keys).reset_index(drop=True), answers.sort_values(keys).reset_index(drop=True)
    )


def test_a_single_seed_gets_no_verdict(study: dict[str, Any], scores: pd.DataFrame) -> None:
    one = scores[scores["seed"].isna() | (scores["seed"] == 1)]
    found = row(answer_questions(Tables(one), study | {"seeds": [1]}, FEW), "gain", "nli")
    assert found["ci_low"] > 0 and found["p_holm"] < 0.05 and found["verdict"] == "inconclusive"


def test_only_the_selected_languages_count(study: dict[str, Any], scores: pd.DataFrame) -> None:
    counts = {"covered": 10, "zero_shot": 12, "all": 13, "english": 1}
    asked = {name: score_tables.question("?", ["nli"], targets=["xnli"], languages=name) for name in counts}
    found = answer_questions(Tables(scores), study | {"questions": asked}, FEW)
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
def test_a_question_that_fails_costs_the_others_nothing(
    study: dict[str, Any],
    scores: pd.DataFrame,
    answers: pd.DataFrame,
    change: dict[str, Any],
    named: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = {"q": score_tables.question("?", ["nli"], **change)} | study["questions"]
    found = answer_questions(Tables(scores), study | {"questions": asked}, FEW)
    (failed,) = found[found["question"] == "q"].to_dict("records")
    assert failed["verdict"] == "unanswered" and failed["missing"].startswith("failed: ") and named in failed["missing"]
    others = found[found["question"] != "q"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, answers)
    assert f"question q failed, the others are answered: {failed['missing'][8:]}" in capsys.readouterr().err


def test_a_defect_that_one_question_meets_is_told_with_its_place(
    study: dict[str, Any], scores: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(OUTCOMES, "drop", replace(OUTCOMES["drop"], compute=lambda clean, noisy: clean / noisy["none"]))
    answers = answer_questions(Tables(scores), study, FEW)
    whole = answers[answers["slice"] == "all"].set_index("question")["verdict"]
    assert whole["robust"] == "unanswered" and "supported" in set(whole["gain"])
    assert "Traceback" in capsys.readouterr().err


def test_bad_tables_are_refused(study: dict[str, Any], scores: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column value"):
        answer_questions(Tables(scores.drop(columns="value")), study, FEW)
    with pytest.raises(DataError, match="1 scores are given twice"):
        answer_questions(Tables(pd.concat([scores, scores.iloc[:1]])), study, FEW)
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
    pd.testing.assert_frame_equal(written, answer_questions(Tables(partial), study), check_dtype=False)
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
