"""How hard an intermediate task is: measures with a known answer, and a task that a tiny model learns."""

from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from tiny import RECIPE, pretend_task, rows_of, tiny_encoder, toy_task
from xstilts.analysis.difficulty import usable_information
from xstilts.analysis.difficulty.dynamics import cartography, curve_area, dev_error
from xstilts.analysis.difficulty.job import collect_difficulty, measure_difficulty
from xstilts.analysis.difficulty.usable_information import log_probabilities
from xstilts.artifacts import MANIFEST, write_json
from xstilts.errors import DataError
from xstilts.models.heads import HEADS
from xstilts.models.load import load_tokenizer
from xstilts.questions.covariates import covariate_of, read_difficulty
from xstilts.training.blank import blanked
from xstilts.training.cartography import Cartographer, write_cartography
from xstilts.training.job import train

SHORT = RECIPE | {"max_length": 12, "doc_stride": 2, "max_question_length": 2}
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


@pytest.fixture
def bits_of(encoder, tmp_path, monkeypatch):
    """What a little trained model gives rows of a type, when at most twelve tokens fit."""

    def make(task_type):
        pretend_task(monkeypatch, task_type)
        write_json(tmp_path / "data" / MANIFEST, {})
        train(SHORT | {"epochs": 1}, encoder, [tmp_path / "data"], tmp_path / "model", "toy")
        labels = toy_task(task_type).labels
        return lambda rows: log_probabilities(task_type, labels, rows, tmp_path / "model", None)

    return make


def test_every_word_of_a_long_sentence_counts(bits_of):
    halves = [["w1", "red", *["w2"] * 8], [*["w3"] * 9, "blue"]]
    rows = [
        {
            "id": "1",
            "language": "en",
            "tokens": tokens,
            "tags": ["ADJ" if token in ("red", "blue") else "NOUN" for token in tokens],
        }
        for tokens in [*halves, halves[0] + halves[1]]
    ]
    first, second, whole = bits_of("tagging")(rows).values()
    assert first != pytest.approx(second, rel=1e-3)
    assert whole == pytest.approx((first + second) / 2, rel=1e-4)


def long_context(encoder):
    """A head, and a question whose answer is in the first of several windows, whole and cut to that window."""
    head = HEADS["span_qa"](
        (), load_tokenizer(encoder), RECIPE | {"max_length": 12, "doc_stride": 2, "max_question_length": 2}
    )
    words = ["w1", "red", *(f"w{number}" for number in range(3, 30))]
    row = {"id": "toy/1", "language": "en", "question": "where ?", "answer_texts": ["red"], "answer_starts": [3]}
    rows = [row | {"context": " ".join(found)} for found in (words, words[:6])]
    assert len(head.encode(rows[:1], train=True)) > 3 and len(head.encode(rows[1:], train=True)) == 1
    return head, rows


def test_windows_without_the_answer_say_nothing_about_it(encoder, bits_of):
    whole, cut = bits_of("span_qa")(long_context(encoder)[1]).values()
    assert whole == pytest.approx(cut, rel=1e-4)


def test_cartography_leaves_windows_without_the_answer_out(encoder, tmp_path):
    head, (row, _) = long_context(encoder)
    unanswerable = row | {"id": "toy/2", "answer_texts": [], "answer_starts": []}
    stream = SimpleNamespace(head=head, rows=[row, unanswerable], labelled=True)
    stream.items = head.encode(stream.rows, train=True)
    cartographer = Cartographer([stream], 1)
    cartographer.maps[0][:] = torch.tensor([0.2 if head.holds_gold(row, item) else 0.9 for item in stream.items])
    write_cartography(cartographer, tmp_path)
    found = pd.read_parquet(tmp_path / "cartography.parquet").set_index("id")["probability"]
    assert found["toy/1"] == pytest.approx(0.2)
    assert found["toy/2"] == pytest.approx(cartographer.maps[0][0, 0][[item.row == 1 for item in stream.items]].mean())


def test_a_table_of_another_run_is_refused(tmp_path):
    file = tmp_path / "difficulty" / "tiny" / "toy" / "seed2.json"
    words = {"study": "s", "encoder": "tiny", "intermediate": "toy", "seed": 1}
    write_json(file, words | {"measures": [{"task": "toy", "measure": "pvi", "value": 1.0, "n": 3}]})
    with pytest.raises(DataError, match="seed is 1, not 2"):
        collect_difficulty([file], tmp_path / "a.csv", tmp_path / "a.parquet")
