"""How hard an intermediate task is: measures with a known answer, and a task that a tiny model learns."""

import pandas as pd
import pytest

from tiny import RECIPE, pretend_task, rows_of, tiny_encoder, toy_task
from xstilts.analysis.difficulty import usable_information
from xstilts.analysis.difficulty.dynamics import cartography, curve_area, dev_error
from xstilts.analysis.difficulty.job import collect_difficulty, measure_difficulty
from xstilts.artifacts import MANIFEST, write_json
from xstilts.errors import DataError
from xstilts.models.heads import HEADS
from xstilts.models.load import load_tokenizer
from xstilts.questions.covariates import covariate_of, read_difficulty
from xstilts.training.blank import blanked
from xstilts.training.job import train

TYPES = ("classification", "multiple_choice", "tagging", "span_qa")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return tiny_encoder(tmp_path_factory.mktemp("encoders") / "tiny")


def manifest(*scores):
    dev = [{"step": 10 * number, "score": score} for number, score in enumerate(scores, 1)]
    best = max(dev, key=lambda entry: entry["score"])
    return {"recipe": {"tasks": ["toy"]}, "rows": {"dev": 48}, "history": {"dev": dev, "best_step": best["step"]}}


def test_dev_error_is_that_of_the_weights_kept():
    assert dev_error(manifest(50.0, 80.0, 70.0)) == [{"task": "toy", "measure": "dev_error", "value": 20.0, "n": 48}]


def test_a_task_that_is_learned_later_has_the_larger_area():
    early, late = (curve_area(manifest(*scores))[0]["value"] for scores in [(50, 80, 80), (50, 50, 80)])
    assert (early, late) == (27.5, 42.5)
    assert curve_area(manifest(60.0))[0]["value"] == 40.0


def test_cartography_is_mean_spread_and_share_over_epochs(tmp_path):
    rows = [("toy/a", "toy", 1, 0.2, 0.0), ("toy/a", "toy", 2, 0.6, 1.0), ("toy/b", "toy", 1, 0.8, 1.0)]
    rows += [("toy/b", "toy", 2, 0.8, 1.0)]
    names = ["id", "task", "epoch", "probability", "correct"]
    pd.DataFrame(rows, columns=names).to_parquet(tmp_path / "map.parquet")
    measures = ("confidence", "variability", "correctness")
    found = {name: cartography(tmp_path / "map.parquet", name)[0] for name in measures}
    assert {name: row["value"] for name, row in found.items()} == pytest.approx(
        {"confidence": 0.6, "variability": 0.1, "correctness": 0.75}
    )
    assert found["confidence"]["n"] == 2


@pytest.mark.parametrize("task_type", TYPES)
def test_a_blanked_row_keeps_its_label_and_nothing_else(task_type, encoder):
    head = HEADS[task_type](toy_task(task_type).labels, load_tokenizer(encoder), RECIPE)
    rows = rows_of(task_type, 20)
    full, empty = (head.encode(found, train=True) for found in (rows, [blanked(task_type, row) for row in rows]))
    assert len(full) == len(empty)
    if task_type == "span_qa":  # places move with the question's length
        assert [item.target[1] - item.target[0] for item in full] == [item.target[1] - item.target[0] for item in empty]
    else:
        assert [item.target for item in full] == [item.target for item in empty]
    assert len({token for item in empty for ids in item.sequences for token in ids}) < 8


@pytest.mark.parametrize("task_type", TYPES)
def test_what_a_model_has_learned_is_usable_information(task_type, encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, task_type)
    monkeypatch.setattr(usable_information, "load_rows", lambda path, split, language: rows_of(task_type, 48, "dev"))
    write_json(tmp_path / "data" / MANIFEST, {})
    common = {"parent": encoder, "data": [tmp_path / "data"], "label": "toy"}
    asked = RECIPE | {"cartography": True, "epochs": 6}
    train(recipe=asked, output=tmp_path / "model", **common)
    train(recipe=RECIPE | {"blank": True, "epochs": 1}, output=tmp_path / "null", **common)
    recipe = {"measures": ["dev_error", "pvi", "confidence"], "tasks": ["toy"], "batch_tokens": None}
    words = {"study": "s", "encoder": "tiny", "intermediate": "toy", "seed": 1}
    file = tmp_path / "difficulty" / "tiny" / "toy" / "seed1.json"
    measure_difficulty(recipe, words, tmp_path / "model", tmp_path / "null", [tmp_path / "data"], file)
    collect_difficulty([file], tmp_path / "difficulty.csv", tmp_path / "difficulty.parquet")
    table = read_difficulty(tmp_path / "difficulty.csv")
    found = table.set_index("measure")["value"]
    assert found["pvi"] > 0.1 and 0 < found["confidence"] <= 1
    assert covariate_of(table, "difficulty.pvi") == {("tiny", "toy"): pytest.approx(found["pvi"])}


def test_a_table_of_another_run_is_refused(tmp_path):
    file = tmp_path / "difficulty" / "tiny" / "toy" / "seed2.json"
    words = {"study": "s", "encoder": "tiny", "intermediate": "toy", "seed": 1}
    write_json(file, words | {"measures": [{"task": "toy", "measure": "pvi", "value": 1.0, "n": 3}]})
    with pytest.raises(DataError, match="seed is 1, not 2"):
        collect_difficulty([file], tmp_path / "a.csv", tmp_path / "a.parquet")
