"""Exact nearest neighbours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xstilts.evaluation.search import nearest

# Small integers make exact ties and zero vectors frequent.
MATRIX = arrays(np.float32, st.tuples(st.integers(1, 12), st.just(3)), elements=st.integers(-2, 2).map(float))


def brute_force(queries: np.ndarray, candidates: np.ndarray, k: int) -> list[list[int]]:
    ids = []
    for query in queries.astype(float):
        similarity = []
        for candidate in candidates.astype(float):
            norm = np.sqrt((query @ query) * (candidate @ candidate))
            similarity.append(round(query @ candidate / norm, 9) if norm else 0.0)
        ids.append(sorted(range(len(candidates)), key=lambda i: (-similarity[i], i))[:k])
    return ids


@settings(deadline=None)
@given(MATRIX, MATRIX, st.integers(1, 12), st.integers(1, 13))
def test_equals_brute_force_for_every_block_size(
    queries: np.ndarray, candidates: np.ndarray, k: int, block: int
) -> None:
    k = min(k, len(candidates))
    ids, similarities = nearest(queries, candidates, k=k, block=block)
    assert ids.tolist() == brute_force(queries, candidates, k)
    assert ids.shape == similarities.shape == (len(queries), k)
    assert (np.diff(similarities, axis=1) <= 0).all()


def test_duplicates_are_ordered_by_index_wherever_the_blocks_fall() -> None:
    rng = np.random.default_rng(0)
    distinct = rng.standard_normal((300, 257)).astype(np.float32)
    candidates = np.concatenate([distinct, distinct, distinct])
    for block in (7, 128, 4096):
        ids, _ = nearest(distinct, candidates, k=3, block=block)
        assert (ids == np.arange(300)[:, None] + [0, 300, 600]).all()


def test_similarity_is_the_cosine() -> None:
    _, similarities = nearest([[3.0, 0.0]], [[0.0, 5.0], [1.0, 1.0]], k=2)
    assert similarities[0] == pytest.approx([1 / np.sqrt(2), 0.0])


@pytest.mark.parametrize(
    ("queries", "candidates", "options", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), {}, r"\(2, 3\)"),
        (np.ones((2, 3)), np.ones((2, 3)), {"k": 3}, "k is 3"),
        (np.array([[np.nan, 1.0]]), np.ones((1, 2)), {}, "finite"),
    ],
)
def test_refuses_what_it_cannot_search(
    queries: np.ndarray, candidates: np.ndarray, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        nearest(queries, candidates, **options)
