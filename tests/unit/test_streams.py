"""What a step of a multi-task run draws from, and masked text."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny import LABELS, RECIPE, pretend_tasks, rows_of
from xstilts.artifacts import MANIFEST, write_json
from xstilts.models.heads import HEADS, Item
from xstilts.models.load import load_tokenizer
from xstilts.seeds import rng
from xstilts.training import data
from xstilts.training.data import load_streams
from xstilts.training.job import train
from xstilts.training.streams import Mixture, Stream


def stream(name, count):
    items = [Item(row, [[0, 5, 2]]) for row in range(count)]
    return Stream(
        name, name, "classification", "accuracy", None, [{"id": str(row)} for row in range(count)], items, [], []
    )


def draws(mixture, steps, first=1):
    drawn = mixture.steps(first)
    return [next(drawn) for _ in range(steps)]


SIZES = {"a": 900, "b": 90, "c": 10}


@pytest.mark.parametrize(
    ("sampling", "shares"),
    [
        ({"kind": "proportional", "cap": None, "temperature": 2.0}, [0.9, 0.09, 0.01]),
        ({"kind": "proportional", "cap": 100, "temperature": 2.0}, [0.5, 0.45, 0.05]),
        ({"kind": "uniform", "cap": None, "temperature": 2.0}, [1 / 3] * 3),
        ({"kind": "temperature", "cap": None, "temperature": 2.0}, [30, 9.4868, 3.1623]),
    ],
)
def test_a_steps_task_is_drawn_as_the_recipe_says(sampling, shares):
    mixture = Mixture([stream(name, size) for name, size in SIZES.items()], sampling, 8, (1, "intermediate"))
    total = sum(shares)
    assert mixture.shares == pytest.approx([share / total for share in shares], abs=1e-4)
    counts = Counter(drawn[0].name for drawn in draws(mixture, 4000))
    assert [counts[name] / 4000 for name in SIZES] == pytest.approx(mixture.shares, abs=0.025)


@given(st.integers(1, 60))
def test_a_resumed_run_draws_what_it_would_have_drawn(first):
    sampling = {"kind": "temperature", "cap": 50, "temperature": 2.0}
    mixture = Mixture([stream(name, size) for name, size in SIZES.items()], sampling, 8, (1, "target"))
    whole = draws(mixture, 70)
    for (before, indices, epochs), (after, resumed, again) in zip(
        whole[first - 1 :], draws(mixture, 5, first), strict=False
    ):
        assert before is after
        assert (indices == resumed).all()
        assert (epochs == again).all()


def test_a_cap_shortens_the_epoch_of_a_large_task():
    sampling = {"kind": "proportional", "cap": 100, "temperature": 2.0}
    assert Mixture([stream(name, size) for name, size in SIZES.items()], sampling, 8, (1,)).size == 200


def test_few_dev_examples_are_the_same_for_every_seed(encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, toy="classification")
    write_json(tmp_path / "toy" / MANIFEST, {})
    tokenizer = load_tokenizer(encoder)

    def dev_rows(**changes):
        (found,) = load_streams(RECIPE | changes, [tmp_path / "toy"], tokenizer, "toy")
        return [row["id"] for row in found.dev_rows]

    few = dev_rows(dev_examples=10)
    assert len(few) == 10
    assert dev_rows(dev_examples=10, seed=2) == few
    assert set(few) < set(dev_rows())
    assert dev_rows(dev_examples=10_000) == dev_rows()


def test_translated_data_are_read_in_the_recipes_languages_though_another_recipe_had_more_prepared(
    encoder, tmp_path, monkeypatch
):
    pretend_tasks(monkeypatch, toy="classification", foreign="classification")
    for name in ("toy", "foreign"):
        write_json(tmp_path / name / MANIFEST, {})
    prepared = {"toy": ["en"], "foreign": ["de", "fr", "th"]}
    monkeypatch.setattr(data, "languages", lambda path, split: prepared[path.name])
    monkeypatch.setattr(data, "load_rows", lambda path, split, language: rows_of("classification", 3, language))
    recipe = RECIPE | {"tasks": ["toy", "foreign"], "text_languages": ["th", "de"]}
    (found,) = load_streams(recipe, [tmp_path / "toy", tmp_path / "foreign"], load_tokenizer(encoder), "toy")
    assert Counter(row["id"].rpartition("/")[0] for row in found.rows) == {
        "classification": 3,
        "classification/de": 3,
        "classification/th": 3,
    }
    assert {row["id"].rpartition("/")[0] for row in found.dev_rows} == {"classification"}


def test_tasks_with_the_same_labels_share_a_head_and_others_have_their_own(encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, one="classification", two="classification", qa="span_qa")
    for name in ("one", "two", "qa"):
        write_json(tmp_path / name / MANIFEST, {})
    folders = [tmp_path / name for name in ("one", "two", "qa")]
    recipe = RECIPE | {"tasks": ["one", "two", "qa"], "epochs": 2, "phase": "intermediate"}
    pooled = train(recipe, encoder, folders, tmp_path / "pooled", "pooled")
    assert [sorted(entry["tasks"]) for entry in pooled["history"]["dev"]] == [
        ["classification+classification", "span_qa"]
    ] * 3
    sampling = {"kind": "uniform", "cap": None, "temperature": 2.0}
    mixed = train(recipe | {"sampling": sampling}, encoder, folders, tmp_path / "mixed", "mixed")
    assert mixed["rows"] == pooled["rows"]
    assert mixed["history"]["best_score"] > 50


@given(st.integers(0, 1000))
def test_masking_chooses_fifteen_percent_and_keeps_what_belongs_there(seed):
    head = masked_head()
    row = {"id": str(seed), "language": "en", "text": " ".join(f"w{number % 40}" for number in range(40))}
    (plain,) = head.encode([row], train=True)
    masked = head.mask(plain, rng("test", seed))
    assert head.units(masked) == 6
    assert masked.target == [plain.target[place] for place in masked.note]
    changed = {place for place, (a, b) in enumerate(zip(plain.target, masked.sequences[0], strict=True)) if a != b}
    assert changed <= set(masked.note)
    assert {0, len(plain.target) - 1}.isdisjoint(masked.note)


def test_text_is_masked_anew_at_every_visit_and_the_same_way_in_every_run():
    head = masked_head()
    rows = rows_of("mlm", 20)
    text = Stream("text", "mlm", "mlm", "accuracy", head, rows, head.encode(rows, train=True), [], [], (1, "target"))
    first, again, later = ([item.note for item in text.visit(range(20), [epoch] * 20)] for epoch in (0, 0, 1))
    assert first == again
    assert first != later


def masked_head():
    return HEADS["mlm"](LABELS["mlm"], load_tokenizer(masked_head.encoder), RECIPE)


@pytest.fixture(autouse=True)
def _encoder(encoder):
    masked_head.encoder = encoder
