"""What questions are answered from besides scores: examples, other factors, covariates, representations."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import score_tables

from xstilts.questions.answers import Tables, answer_questions
from xstilts.questions.contrast import pairings
from xstilts.seeds import derive_seed

FEW = 500


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    return score_tables.context()


@pytest.fixture(scope="module")
def scores(study: dict[str, Any]) -> pd.DataFrame:
    return score_tables.scores(study)


def row(answers: pd.DataFrame, question: str, level: str) -> pd.Series:
    found = answers[(answers["question"] == question) & (answers["level"] == level) & (answers["slice"] == "all")]
    assert len(found) == 1
    return found.iloc[0]


def why(answers: pd.DataFrame) -> str:
    """Why the only question failed."""
    assert (answers["verdict"] == "unanswered").all() and answers["missing"].str.startswith("failed: ").all()
    return str(answers.iloc[0]["missing"])


def predict(
    folder: Path,
    study: dict[str, Any],
    right: dict[str, float],
    examples: int = 120,
    only: dict[str, int] | None = None,
) -> pd.DataFrame:
    """Predictions of a classification target with these shares of right answers, and their scores."""
    rows = []
    for recipe, condition, seed in itertools.product(right, ["clean", "swap20"], study["seeds"]):
        count = (only or {}).get(condition, examples)
        table: list[dict[str, Any]] = []
        for language in score_tables.COVERED:
            lucky = np.random.default_rng(derive_seed(recipe, condition, seed, language)).random(examples)
            share = right[recipe] - 0.1 * (condition != "clean")
            found = [
                {"id": str(number), "language": language, "gold": "1", "pred": str(int(lucky[number] < share))}
                for number in range(count)
            ]
            table += found
            rows.append(
                {"study": "s", "encoder": "mini", "intermediate": recipe, "method": "m", "target": "xnli", "seed": seed}
                | {"language": language, "condition": condition, "strength": 0.0, "metric": "accuracy", "n": count}
                | {"value": 100 * float(np.mean([row["pred"] == "1" for row in found]))}
            )
        path = folder / "mini" / recipe / "xnli" / f"seed{seed}" / f"{condition}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(table).to_parquet(path)
    return pd.DataFrame(rows).astype({"seed": "Int64"})


def test_predictions_make_the_examples_count(study: dict[str, Any], tmp_path: Path) -> None:
    table = predict(tmp_path, study, {"none": 0.5, "nli": 0.65})
    asked = {"q": score_tables.question("?", ["nli"], targets=["xnli"])}
    known = answer_questions(Tables(table, tmp_path), study | {"questions": asked}, FEW)
    fixed = answer_questions(Tables(table), study | {"questions": asked}, FEW)
    assert row(known, "q", "nli")["n_examples"] == 10 * 120 and row(fixed, "q", "nli")["n_examples"] == 0
    assert row(known, "q", "nli")["effect"] == pytest.approx(row(fixed, "q", "nli")["effect"])
    shuffled = tmp_path / "shuffled"
    for path in list(tmp_path.rglob("*.parquet")):
        moved = shuffled / path.relative_to(tmp_path)
        moved.parent.mkdir(parents=True, exist_ok=True)
        pd.read_parquet(path).sample(frac=1, random_state=2).to_parquet(moved)
    again = answer_questions(Tables(table.sample(frac=1, random_state=1), shuffled), study | {"questions": asked}, FEW)
    pd.testing.assert_frame_equal(again, known)


def test_a_drop_is_measured_on_the_examples_that_both_conditions_have(study: dict[str, Any], tmp_path: Path) -> None:
    table = predict(tmp_path, study, {"none": 0.5, "nli": 0.65}, only={"swap20": 30})
    asked = {"q": score_tables.question("?", ["nli"], targets=["xnli"], outcome="drop", condition="swap20")}
    found = row(answer_questions(Tables(table, tmp_path), study | {"questions": asked}, FEW), "q", "nli")
    assert found["n_examples"] == 10 * 30 and found["verdict"] != "unanswered"


def test_two_targets_of_one_task_have_the_same_examples(study: dict[str, Any], tmp_path: Path) -> None:
    table = predict(tmp_path, study, {"none": 0.5, "nli": 0.65})
    for path in list(tmp_path.rglob("*.parquet")):
        twin = Path(str(path).replace("/xnli/", "/twin/"))
        twin.parent.mkdir(parents=True, exist_ok=True)
        twin.write_bytes(path.read_bytes())
    targets = {"xnli": study["targets"]["xnli"], "twin": study["targets"]["xnli"]}
    asked = score_tables.question("?", ["nli"], targets=list(targets))
    about = study | {"targets": targets, "questions": {"q": asked}}
    tables = Tables(pd.concat([table, table.assign(target="twin")]), tmp_path)
    found = tables.evidence(about, "q", FEW).compare(pairings(about, asked)[0])
    assert found.draws is not None and found.draws[:, 0].std() > 0
    np.testing.assert_array_equal(found.draws[:, 0], found.draws[:, 1])


@pytest.mark.parametrize(("levels", "languages", "seeds"), [(3, 5, 3), (1, 5, 3), (3, 6, 3), (1, 6, 1)])
def test_where_no_effect_could_be_found_none_is_called_detectable(levels: int, languages: int, seeds: int) -> None:
    study = score_tables.context(targets=("xnli",), seeds=tuple(range(1, seeds + 1)))
    study["targets"]["xnli"]["languages"] = ["en", *score_tables.COVERED[:languages]]
    gains = {"none": 0.0, "nli": 80.0, "qa": 1.0, "commonsense": -3.0}
    asked = {"q": score_tables.question("?", [name for name in gains if name != "none"][:levels])}
    scores = score_tables.scores(study, gains)
    found = row(answer_questions(Tables(scores), study | {"questions": asked}, 10_000), "q", "nli")
    assert found["effect"] > 40 and found["verdict"] == "inconclusive" and found["minimum_detectable"] == np.inf


def test_methods_are_compared_over_recipes_with_the_same_tasks(study: dict[str, Any], scores: pd.DataFrame) -> None:
    recipes = study["intermediate"] | {
        "nli": {"method": "fgm", "tasks": ["x"]},
        "qa": {"method": "standard", "tasks": ["x"]},
        "commonsense": {"method": "standard", "tasks": ["y"]},
    }
    asked = score_tables.question("?", ["fgm"], factor="method", baseline="standard")
    found = row(
        answer_questions(Tables(scores), study | {"intermediate": recipes, "questions": {"q": asked}}, FEW), "q", "fgm"
    )
    assert found["effect"] == pytest.approx(3.0, abs=0.6) and found["n_recipes"] == 1
    lonely = study | {
        "intermediate": recipes | {"qa": {"method": "standard", "tasks": ["z"]}},
        "questions": {"q": asked},
    }
    assert "no recipe of method fgm has the tasks" in why(answer_questions(Tables(scores), lonely, FEW))
    torn = lonely | {"intermediate": recipes | {"commonsense": {"method": "standard", "tasks": ["x"]}}}
    assert "several recipes of method standard have the tasks" in why(answer_questions(Tables(scores), torn, FEW))


def test_encoders_are_compared_after_every_recipe(study: dict[str, Any], scores: pd.DataFrame) -> None:
    encoders = {
        "mini": study["encoders"]["mini"],
        "other": {"description": "", "covered_languages": ["de", "fr", "th"]},
    }
    better = scores.assign(encoder="other", value=scores["value"] + 2)
    asked = score_tables.question("?", ["other"], factor="encoder", baseline="mini", targets=["xnli"])
    found = answer_questions(
        Tables(pd.concat([scores, better])), study | {"encoders": encoders, "questions": {"q": asked}}, FEW
    )
    assert row(found, "q", "other")["effect"] == pytest.approx(2) and row(found, "q", "other")["n_languages"] == 3
    assert row(found, "q", "other")["n_recipes"] == 4


def test_a_correlation_says_how_little_few_recipes_show(study: dict[str, Any], scores: pd.DataFrame) -> None:
    difficulty = pd.DataFrame(
        [
            {
                "encoder": "mini",
                "intermediate": name,
                "task": name,
                "seed": seed,
                "measure": "pvi",
                "value": gain + seed,
                "n": 9,
            }
            for name, gain in score_tables.GAINS.items()
            for seed in (1, 2)
            if name != "none"
        ]
    )
    asked = score_tables.question("?", None, covariate="difficulty.pvi")
    found = answer_questions(Tables(scores, difficulty=difficulty), study | {"questions": {"q": asked}}, FEW)
    whole = found[found["slice"] == "all"].set_index("contrast")
    assert list(whole.index) == ["spearman(difficulty.pvi, score)", "kendall(difficulty.pvi, score)"]
    assert (whole["effect"] == 1).all() and (whole["n"] == 3).all()
    assert (whole["verdict"] == "inconclusive").all() and (whole["minimum_detectable"] == np.inf).all()
    asked = score_tables.question("?", None, covariate="difficulty.loss")
    found = answer_questions(Tables(scores, difficulty=difficulty), study | {"questions": {"q": asked}}, FEW)
    assert "difficulty.loss' is not measured; the study has: difficulty.pvi" in why(found)


def test_a_relative_drop_from_next_to_nothing_can_be_asked_about(study: dict[str, Any], tmp_path: Path) -> None:
    # Of 30 examples 6 % are right: many a resample has none.
    recipes = {"none": 0.16, "nli": 0.17, "qa": 0.18}
    table = predict(tmp_path, study, recipes, examples=30)
    kept = table[table.groupby("language")["value"].transform("min") > 0]["language"].unique()
    about = study | {"targets": {"xnli": study["targets"]["xnli"] | {"languages": ["en", *kept]}}}
    difficulty = pd.DataFrame(
        [
            {"encoder": "mini", "intermediate": name, "task": name, "seed": 1, "measure": "pvi", "value": v, "n": 9}
            for name, v in recipes.items()
        ]
    )
    outcome = {"outcome": "relative_drop", "condition": "swap20"}
    asked = {
        "q": score_tables.question("?", ["nli"], targets=["xnli"], **outcome),
        "r": score_tables.question("?", None, covariate="difficulty.pvi", targets=["xnli"], **outcome),
    }
    found = answer_questions(Tables(table, tmp_path, difficulty=difficulty), about | {"questions": asked}, FEW)
    whole = found[found["slice"] == "all"]
    assert len(kept) and set(whole["question"]) == {"q", "r"} and (whole["verdict"] != "unanswered").all()
    assert list(whole["contrast"])[1:] == [
        f"{name}(difficulty.pvi, relative loss avoided)" for name in ("spearman", "kendall")
    ]
    alone = answer_questions(Tables(table, difficulty=difficulty), about | {"questions": asked}, FEW)
    wide = [row(answers, "q", "nli")["ci_high"] - row(answers, "q", "nli")["ci_low"] for answers in (found, alone)]
    assert wide[0] >= wide[1]


def representations(study: dict[str, Any]) -> pd.DataFrame:
    rows = [
        {"study": "s", "encoder": "mini", "intermediate": recipe, "method": "m", "phase": phase, "target": ""}
        | {"seed": seed, "language": language, "condition": condition, "strength": 0.0, "layer": layer}
        | {"measure": "cka", "value": 0.9 - 0.1 * (recipe == "nli") - lost + 0.001 * len(language + str(seed)), "n": 50}
        for recipe, phase, seeds in [("none", "pretrained", [pd.NA]), ("nli", "intermediate", study["seeds"])]
        for seed in seeds
        for language in score_tables.COVERED
        for condition, lost in [("clean", 0.0), ("swap20", 0.1 if recipe == "none" else 0.25)]
        for layer in (0, 3)
    ]
    return pd.DataFrame(rows).astype({"seed": "Int64"})


def test_representations_are_asked_about_like_scores(study: dict[str, Any], scores: pd.DataFrame) -> None:
    asked = {
        "alignment": score_tables.question("?", ["nli"], outcome="alignment", measure="cka"),
        "stability": score_tables.question("?", ["nli"], outcome="stability", measure="cka", condition="swap20"),
    }
    table = representations(study)
    found = answer_questions(Tables(scores, alignment=table), study | {"questions": asked}, FEW)
    assert row(found, "alignment", "nli")["effect"] == pytest.approx(-0.1, abs=0.01)
    assert row(found, "stability", "nli")["effect"] == pytest.approx(-0.15, abs=0.01)
    partial = table[~((table["seed"] == 2).fillna(False) & (table["condition"] == "swap20"))]
    missing = row(
        answer_questions(Tables(scores, alignment=partial), study | {"questions": asked}, FEW), "stability", "nli"
    )
    assert missing["missing"] == "mini/nli/representations/seed2/swap20"
    asked = {"q": score_tables.question("?", ["nli"], outcome="alignment", measure="isoscore")}
    found = answer_questions(Tables(scores, alignment=table), study | {"questions": asked}, FEW)
    assert "no 'isoscore' of layer None in phase intermediate; measures: cka" in why(found)
