"""Exact nearest neighbours by blocks."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Similarities are compared at this many decimals. A matrix product gives equal rows sums that differ in the last bits,
# depending on where in a block they stand; without rounding those bits would decide between duplicates.
_DECIMALS = 9


def nearest(
    queries: ArrayLike, candidates: ArrayLike, *, k: int = 1, block: int = 4096
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k candidates of highest cosine similarity for every query.

    Memory beyond the inputs and the result is bounded by two blocks of vectors and a few ``block × block`` tables in
    float64. Equal similarities (to nine decimals) are ordered by candidate index, so the block size does not matter.
    A zero vector has similarity 0 to everything.

    Args:
        queries: ``(n, d)``.
        candidates: ``(m, d)``.
        k: how many, at most m.
        block: rows of either side that are handled at once.

    Returns:
        Candidate indices and similarities, both ``(n, k)``, best first.

    Raises:
        ValueError: the shapes do not fit, a number is not finite, or k or block is out of range.
    """
    left, right = np.asarray(queries), np.asarray(candidates)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
        raise ValueError(f"queries {left.shape} and candidates {right.shape} must be (n, d) and (m, d)")
    if not 1 <= k <= len(right) or block < 1:
        raise ValueError(f"k is {k} and block {block}; needed: 1 <= k <= {len(right)} candidates, block >= 1")
    ids = np.empty((len(left), k), np.int64)
    similarities = np.empty((len(left), k))
    for start in range(0, len(left), block):
        rows = slice(start, start + block)
        ids[rows], similarities[rows] = _search(_unit(left[rows]), right, k, block)
    return ids, similarities


def _search(
    queries: NDArray[np.float64], candidates: NDArray[Any], k: int, block: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One block of unit queries against all candidates, keeping the best k so far."""
    ids = np.full((len(queries), k), -1, np.int64)
    best = np.full((len(queries), k), -np.inf)
    for start in range(0, len(candidates), block):
        fresh = np.round(queries @ _unit(candidates[start : start + block]).T, _DECIMALS)
        numbers = np.broadcast_to(np.arange(start, start + fresh.shape[1]), fresh.shape)
        # What is kept stands left of what is new: the stable choice of the leftmost maximum prefers the lower index.
        best, ids = _top(np.concatenate([best, fresh], 1), np.concatenate([ids, numbers], 1), k)
    return ids, best


def _top(
    values: NDArray[np.float64], numbers: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The k largest values of each row and their numbers, by k passes of ``argmax``, which takes the leftmost."""
    every = np.arange(len(values))
    best = np.empty((len(values), k))
    ids = np.empty((len(values), k), np.int64)
    for rank in range(k):
        place = values.argmax(1)
        best[:, rank], ids[:, rank] = values[every, place], numbers[every, place]
        values[every, place] = -np.inf
    return best, ids


def _unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Rows as float64 of length 1."""
    rows = vectors.astype(np.float64)
    if not np.isfinite(rows).all():
        raise ValueError("a vector holds numbers that are not finite")
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return unit
