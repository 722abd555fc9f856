"""Retrieval from paired sentences and from pools, with a tiny encoder."""

from pathlib import Path

import numpy as np
import pytest

from tiny import tiny_encoder
from xstilts import tasks
from xstilts.errors import ConfigError
from xstilts.evaluation.retrieval import retrieve_from_pools, retrieve_pairs
from xstilts.evaluation.sentences import POOLINGS, SentenceEncoder
from xstilts.tasks.base import MULTILINGUAL, Task
from xstilts.training.progress import Progress

RECIPE = {"task": "toy", "layer": None, "sweep": True, "pooling": ["mean", "cls"], "scoring": None, "k": None}
RECIPE |= {"threshold": None, "max_length": 32, "batch_tokens": None}
TEXTS = [f"w{number} w{number + 1} w{(7 * number) % 40}" for number in range(30)]


def row(number, **more):
    return {"id": f"q{number}", "language": "de", "text": TEXTS[number], "context": ""} | more


def pool():
    return [
        {"id": f"c{number}", "language": "en", "text": TEXTS[number], "context": "", "gold": []} for number in range(30)
    ]


@pytest.fixture
def toy(monkeypatch):
    """A task by the name of toy, with pools for each language or one for all."""

    def make(metric, shared=False):
        languages = {"test": ("de", "fr"), "pool": (MULTILINGUAL,) if shared else ("de", "fr")}
        task = Task("toy", "pool_retrieval", languages, lambda *_: (), lambda *_: iter(()), (metric,), "none", "nobody")
        monkeypatch.setattr(tasks, "get", lambda name: task)

    return make


def metrics_of(scored, language="de"):
    return {score["metric"]: score["value"] for score in scored if score["language"] == language}


def test_every_layer_and_pooling_comes_from_one_pass(encoder):
    found = SentenceEncoder(encoder, RECIPE)
    assert found.views == [(2, "mean"), (0, "mean"), (1, "mean"), (2, "cls"), (0, "cls"), (1, "cls")]
    vectors = found.encode(TEXTS)
    assert vectors.shape == (6, 30, 32)
    alone = SentenceEncoder(encoder, RECIPE | {"layer": 1, "sweep": False, "pooling": ["cls"]})
    assert alone.views == [(1, "cls")]
    assert np.allclose(alone.encode(TEXTS[:3])[0], vectors[5, :3], atol=1e-5)


def test_a_layer_that_the_encoder_has_not_is_refused(encoder):
    with pytest.raises(ConfigError, match="layer 3 is asked for, the encoder has 2; name 0 to 2"):
        SentenceEncoder(encoder, RECIPE | {"layer": 3})


def test_layers_far_above_the_one_that_counts_are_not_computed(tmp_path, capfd):
    from torch.utils.flop_counter import FlopCounterMode

    checkpoint = tiny_encoder(tmp_path / "encoder", layers=4)
    whole = SentenceEncoder(checkpoint, RECIPE | {"pooling": ["mean"]}).encode(TEXTS)
    spent = []
    for layer in range(5):
        encoder = SentenceEncoder(checkpoint, RECIPE | {"layer": layer, "sweep": False, "pooling": ["mean"]})
        with FlopCounterMode(display=False) as counter:
            vectors = encoder.encode(TEXTS)
        spent.append(counter.get_total_flops())
        assert np.array_equal(vectors[0], whole[[4, 0, 1, 2, 3].index(layer)])
    of_a_layer = spent[1] - spent[0]
    assert of_a_layer > 0
    assert spent == [spent[0] + more * of_a_layer for more in (0, 1, 2, 3, 3)]
    assert "layer" not in capfd.readouterr().err


def test_poolings_leave_padding_out():
    torch = pytest.importorskip("torch")
    states = torch.tensor([[[[1.0, 5.0], [3.0, 1.0], [99.0, 99.0]]]])
    mask = torch.tensor([[1.0, 1.0, 0.0]])
    assert POOLINGS["mean"](states, mask).tolist() == [[[2.0, 3.0]]]
    assert POOLINGS["max"](states, mask).tolist() == [[[3.0, 5.0]]]
    assert POOLINGS["cls"](states, mask).tolist() == [[[1.0, 5.0]]]


def test_pairs_are_found_and_every_view_is_scored(encoder):
    rows = [row(number, english=TEXTS[number]) for number in range(30)]
    predictions, scored = retrieve_pairs(RECIPE, SentenceEncoder(encoder, RECIPE), {"de": rows}, Progress("toy", 1))
    assert [found["pred"] for found in predictions] == [found["gold"] for found in predictions]
    values = metrics_of(scored)
    assert values["accuracy"] == values["accuracy_layer_2"] == 100
    assert {"accuracy_layer_0", "accuracy_layer_1", "accuracy_cls_layer_0", "accuracy_cls_layer_2"} < values.keys()


@pytest.mark.parametrize("scoring", ["absolute", "ratio", "distance", "csls"])
def test_rankings_hold_the_first_twenty(encoder, toy, scoring):
    toy("map_20", shared=True)
    queries = {language: [row(number, gold=[f"c{number}"]) for number in (3, 8)] for language in ("de", "fr")}
    read = []

    def pool_of(language):
        read.append(language)
        return pool()

    recipe = RECIPE | {"sweep": False, "pooling": ["mean"], "scoring": scoring}
    predictions, scored = retrieve_from_pools(
        recipe, SentenceEncoder(encoder, recipe), queries, pool_of, Progress("toy", 2)
    )
    assert read == [MULTILINGUAL]
    assert [len(found["pred"]) for found in predictions] == [20] * 4
    assert all(found["scores"] == sorted(found["scores"], reverse=True) for found in predictions)
    assert metrics_of(scored, "fr").keys() == {"map_20"}
    assert scored[0]["value"] > 60


def test_pairs_are_mined_from_the_pool_of_the_language(encoder, toy):
    toy("bucc_f1")
    queries = [row(number, gold=[f"c{number}"]) for number in range(15)]
    read = []

    def pool_of(language):
        read.append(language)
        return pool()

    sentences = SentenceEncoder(encoder, RECIPE)
    both = {"de": queries, "fr": queries}
    found, scored = retrieve_from_pools(RECIPE, sentences, both, pool_of, Progress("toy", 2))
    assert read == ["de", "fr"]
    assert {row["mined"] for row in found} == {f"c{number}" for number in range(15)}
    assert metrics_of(scored)["bucc_f1"] == 100
    assert "bucc_f1_layer_0" in metrics_of(scored)


def test_a_context_is_the_second_segment(encoder):
    found = SentenceEncoder(encoder, RECIPE | {"sweep": False})
    plain, with_context = found.encode(["w1", "w2"]), found.encode(["w1", "w2"], ["w9 w8", ""])
    assert not np.allclose(plain[0, 0], with_context[0, 0])


def test_the_study_names_how_a_target_is_searched():
    from xstilts.study import load_study, recipes

    study = load_study(Path(__file__).parents[1] / "tiny.yaml")
    recipe = recipes.evaluation_recipe(study, "bitext")
    assert recipe | {"sweep": True, "pooling": ["mean"], "layer": None, "scoring": None, "k": None} == recipe
