"""Published scores beside reached ones; every published number here is invented."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import score_tables
import yaml
from studies import changed

from xstilts.artifacts import canonical_json
from xstilts.cli import main
from xstilts.errors import ConfigError
from xstilts.questions.answers import main_answers
from xstilts.report.published import beside_published
from xstilts.study import load_study, parse_study

SPOKEN = ["en", *score_tables.COVERED, *score_tables.UNCOVERED]


def entry(**others: Any) -> dict[str, Any]:
    return {"source": "A paper", "model": "M", "intermediate": "none", "scores": {"nli": 50.0}} | others


def study(*entries: dict[str, Any]) -> dict[str, Any]:
    return changed("published", list(entries), two="two")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (entry(scores={"nil": 50}), ["published.0.scores: unknown 'nil'", "did you mean 'nli'"]),
        (entry(intermediate="non"), ["published.0.intermediate: unknown 'non'", "did you mean 'none'"]),
        (entry(encoder="mnii"), ["published.0.encoder: unknown 'mnii'", "did you mean 'mini'"]),
        (entry(scores={"nli": {"acuracy": 50}}), ["published.0.scores.nli: unknown 'acuracy'", "'accuracy'"]),
        (entry(scores={"nli": 0.5e3}), ["published.0.scores.nli", "500"]),
        (entry(scores={}), ["published.0.scores"]),
        (entry(score=3), ["published.0: unknown key 'score'", "did you mean 'scores'"]),
        (entry(languages="XTREEM"), ["published.0.scores.nli", "unknown benchmark 'XTREEM'", "did you mean XTREME"]),
        (entry(languages="XTREME"), ["XTREME has no mini_nli", "list the languages"]),
        (entry(languages=["dee"]), ["published.0.scores.nli", "'dee'"]),
        (entry(scores={"nli": {"accuracy": {"dee": 3}}}), ["published.0.scores.nli", "'dee'"]),
        ({"source": "A paper", "scores": {"nli": 3}}, ["published.0", "'model' is missing"]),
    ],
)
def test_a_mistake_is_one_line_with_a_way_to_mend_it(wrong: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_study(study(wrong))
    assert "\n" not in str(caught.value) and all(word in str(caught.value) for word in words)


def test_a_result_needs_its_encoder_named_where_there_are_several() -> None:
    config = study(entry())
    config["encoders"]["other"] = {"kind": "mini"}
    with pytest.raises(ConfigError, match=r"published\.0: add encoder.*mini, other"):
        parse_study(config)
    config["intermediate"]["two"] = {"tasks": ["mini_nli"], "targets": ["bitext"]}
    config["published"] = [entry(encoder="other", intermediate="two")]
    with pytest.raises(ConfigError, match="recipe two does not go on to nli"):
        parse_study(config)


def test_a_benchmarks_name_stands_for_the_languages_of_each_task() -> None:
    found = load_study(Path(__file__).parents[2] / "studies" / "xtreme_r.yaml").published
    counts = {result["target"]: len(result["languages"]) for result in found}
    assert counts == {"xnli": 15, "udpos": 33, "panx": 40, "xquad": 11, "mlqa": 7, "tydiqa": 9, "tatoeba": 36}


@pytest.fixture(scope="module")
def context() -> dict[str, Any]:
    return score_tables.context(targets=("xnli", "tatoeba"))


@pytest.fixture(scope="module")
def scores(context: dict[str, Any]) -> pd.DataFrame:
    return score_tables.scores(context)


def result(**others: Any) -> dict[str, Any]:
    """What a study makes of an entry."""
    about = {"source": "A paper", "model": "M", "encoder": "mini", "intermediate": "none", "target": "xnli"}
    about |= {"metric": "accuracy", "score": 50.0, "by_language": None, "languages": SPOKEN, "edition": "", "note": ""}
    return about | others


def only(scores: pd.DataFrame, context: dict[str, Any], *results: dict[str, Any]) -> dict[str, Any]:
    return beside_published(scores, results, context)[0][0]


def clean(scores: pd.DataFrame, recipe: str, languages: list[str], target: str = "xnli") -> pd.Series:
    rows = scores[(scores["intermediate"] == recipe) & (scores["target"] == target) & (scores["condition"] == "clean")]
    rows = rows[(rows["metric"] == "accuracy") & rows["language"].isin(languages)]
    return rows.groupby("seed", dropna=False)["value"].mean()


def test_the_mean_is_over_the_published_languages_and_its_interval_of_seeds(
    scores: pd.DataFrame, context: dict[str, Any]
) -> None:
    found = only(scores, context, result(languages=["de", "en", "th"], intermediate="nli"))
    means = clean(scores, "nli", ["de", "en", "th"])
    assert len(means) == 3 and found["reached"] == pytest.approx(means.mean())
    # Student's t of two degrees of freedom.
    reach = 4.3027 * means.std() / 3**0.5
    assert (found["low"], found["high"]) == pytest.approx((means.mean() - reach, means.mean() + reach), rel=1e-4)
    assert found["difference"] == pytest.approx(means.mean() - 50)
    assert (found["n_languages"], found["n_seeds"]) == (3, 3) and found["remarks"] == ["this study scores 13"]


def test_a_mean_over_other_languages_is_not_compared_but_said(scores: pd.DataFrame, context: dict[str, Any]) -> None:
    found = only(scores, context, result(languages=["de", "pl", "uk"]))
    assert np.isnan([found["reached"], found["difference"]]).all() and found["published"] == 50
    assert found["remarks"] == ["not compared: a mean over 3 languages, of which this study does not score pl, uk"]
    unnamed = only(scores, context, result(languages=None))
    assert np.isnan(unnamed["difference"]) and unnamed["remarks"] == ["not compared: its languages are not named"]


def test_of_scores_by_language_those_that_both_have_are_compared(scores: pd.DataFrame, context: dict[str, Any]) -> None:
    published = {"de": 40.0, "th": 20.0, "pl": 90.0}
    found = only(scores, context, result(by_language=published, languages=list(published)))
    assert found["published"] == 30 and found["n_languages"] == 2
    assert found["difference"] == pytest.approx(clean(scores, "none", ["de", "th"]).mean() - 30)
    assert found["remarks"][0] == "over 2 of its 3 languages, without pl"


def test_where_no_one_recipe_stands_for_a_result_the_range_is_given(
    scores: pd.DataFrame, context: dict[str, Any]
) -> None:
    found = only(scores, context, result(intermediate=None))
    means = [clean(scores, name, SPOKEN).mean() for name in context["intermediate"] if name != "none"]
    assert found["range"] == pytest.approx((min(means), max(means))) and np.isnan(found["difference"])


def test_sources_that_differ_are_named_and_editions_are_shown(scores: pd.DataFrame, context: dict[str, Any]) -> None:
    noted = context | {"data": {"xnli": {"note": "Scored on dev files. More words."}}}
    other = result(source="A table", score=51.5)
    found = only(scores, noted, result(edition="test files", note="A note"), other, result(source="Again", score=50.0))
    assert found["remarks"] == ["A table gives 51.5", "there: test files", "here: Scored on dev files", "A note"]


def test_seeds_that_lack_a_language_do_not_count(scores: pd.DataFrame, context: dict[str, Any]) -> None:
    torn = scores[~((scores["seed"] == 2).fillna(False) & (scores["language"] == "th"))]
    assert only(torn, context, result())["n_seeds"] == 2
    gone = scores[scores["language"] != "th"]
    found = only(gone, context, result())
    assert np.isnan(found["reached"]) and found["remarks"] == ["not scored here in all of them"]


def test_the_report_of_a_small_study_shows_it(
    scores: pd.DataFrame, context: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"study": "tiny", "encoders": {"mini": {"kind": "mini"}}, "intermediate": {"none": {}}}
    config |= {"targets": {"xnli": {"task": "xnli", "train": ["mini_nli"]}, "tatoeba": {"task": "tatoeba"}}}
    invented = [entry(source="Invented", model="Nobody's", scores={"xnli": 60.0}, languages=SPOKEN)]
    invented.append(entry(source="Invented", model="Nobody's", scores={"tatoeba": {"accuracy": {"de": 9, "fr": 10.5}}}))
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(config | {"published": invented}))
    published = load_study(path).published
    write_report_of(scores, context, published, tmp_path)
    text = (tmp_path / "report.html").read_text()
    reached = clean(scores, "none", SPOKEN).mean()
    assert "Beside published scores" in text and ">Nobody&#39;s<" in text
    assert f">{reached:.1f}<" in text and f">{reached - 60:+.1f}<".replace("-", "−") in text
    assert ">pretrained<" in text
    write_report_of(scores, context, (), tmp_path)
    assert "Beside published" not in (tmp_path / "report.html").read_text()
    assert not capsys.readouterr().err


def write_report_of(scores: pd.DataFrame, context: dict[str, Any], published: Any, folder: Path) -> None:
    """Through the command that the rule calls."""
    asked = context | {"questions": {}}
    scores.to_csv(folder / "scores.csv", index=False)
    main_answers(folder / "scores.csv", asked, folder / "answers.csv")
    shutil.rmtree(folder / "trained", ignore_errors=True)
    score_tables.write_training(asked, folder)
    (folder / "figures.json").write_text("[]")
    given = {"context": json.dumps(asked), "arms": "[]", "published": canonical_json(published), "command": "snakemake"}
    given |= {name: str(folder / f"{name}.csv") for name in ("scores", "answers", "training")}
    given |= {"figures": str(folder), "output": str(folder / "report.html")}
    main(["report", *(word for name, value in given.items() for word in (f"--{name}", value))])
