"""Mining and margins give what XTREME's utils_retrieve.py gave on the same made-up vectors."""

import json
from pathlib import Path

import numpy as np
import pytest
from mining_world import world

from xstilts import metrics
from xstilts.evaluation import margin
from xstilts.evaluation.retrieval import _mined
from xstilts.evaluation.search import nearest, unit

EXPECTED = json.loads((Path(__file__).parent / "mining.json").read_text())
OPTIONS = {"k": None, "threshold": None}


def rows():
    sources, targets, gold, source_texts, target_texts = world()
    answers = dict(gold)
    queries = [
        {"id": f"s{number}", "text": text, "gold": [f"t{answers[number]}"] if number in answers else []}
        for number, text in enumerate(source_texts)
    ]
    pool = [{"id": f"t{number}", "text": text, "gold": []} for number, text in enumerate(target_texts)]
    return queries, pool, sources, targets


@pytest.mark.parametrize("scoring", EXPECTED)
def test_mined_pairs_threshold_and_f1(scoring):
    found = _mined(*rows(), OPTIONS | {"scoring": scoring})
    pairs = sorted((row for row in found if row["partner"]), key=lambda row: -row["score"])
    assert [[int(row["id"][1:]), int(row["partner"][1:])] for row in pairs] == EXPECTED[scoring]["pairs"]
    assert found[0]["threshold"] == pytest.approx(EXPECTED[scoring]["threshold"], abs=1e-6)
    assert metrics.score("pool_retrieval", "bucc_f1", found) == pytest.approx(EXPECTED[scoring]["f1"], abs=1e-9)


def test_ratio_with_four_neighbours_is_what_mining_does_unless_told_otherwise():
    assert _mined(*rows(), OPTIONS | {"scoring": None}) == _mined(*rows(), OPTIONS | {"scoring": "ratio", "k": 4})


def test_a_given_threshold_is_no_oracle():
    found = _mined(*rows(), OPTIONS | {"scoring": "ratio", "threshold": 1.2})
    assert all((row["mined"] is not None) == (row["score"] is not None and row["score"] >= 1.2) for row in found)
    assert not found[0]["oracle_threshold"]


def test_csls_is_that_of_the_definition():
    sources, targets, *_ = world()
    cosines = unit(sources, np.float64) @ unit(targets, np.float64).T
    own = np.sort(cosines, axis=1)[:, -10:].mean(1)
    others = np.sort(cosines, axis=0)[-10:].mean(0)
    wanted = 2 * cosines - own[:, None] - others
    ids, scores = margin.rank(sources, targets, scoring="csls", k=10, top=3)
    assert ids[:, 0].tolist() == wanted.argmax(1).tolist()
    assert scores == pytest.approx(np.sort(wanted, axis=1)[:, ::-1][:, :3], abs=1e-8)


def test_the_cosine_alone_needs_no_second_search():
    sources, targets, *_ = world()
    ids, scores = margin.rank(sources, targets, scoring="absolute", k=4, top=2)
    expected_ids, expected = nearest(sources, targets, k=2)
    assert (ids == expected_ids).all()
    assert (scores == expected).all()
