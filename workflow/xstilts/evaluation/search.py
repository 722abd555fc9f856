"""Exact nearest neighbours in bounded memory: faiss on the CPU, torch on CUDA.

The library searches in float32 for a few more candidates than are asked for; their similarities are then computed anew
in float64 and decide. A query for which float32 leaves it open which candidates belong to the best (many candidates
equal to the last bits, as duplicates are) is searched in float64 by blocks, so that the result is exact in any case.

Memory beyond the vectors and the result is that of two blocks on their way to unit length: at most ``24 · d · block``
bytes for vectors of width d, 0.8 GB for d = 1024 (on CUDA, tables of ``4 · 4096 · block`` bytes besides).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Similarities are compared at this many decimals. A matrix product gives equal rows sums that differ in the last bits,
# depending on where in a block they stand; without rounding those bits would decide between duplicates.
_DECIMALS = 9

# Candidates found beyond k; and how far float32 may be off: a product of unit vectors of 2,048 numbers is off by less.
_SPARE = 8
_TOLERANCE = 2e-5

_RESCORED = 1024

# Rows of either side that are handled at once.
BLOCK = 32768

Vectors = NDArray[Any]


def nearest(
    queries: ArrayLike, candidates: ArrayLike, *, k: int = 1, block: int = BLOCK
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k candidates of highest cosine similarity for every query.

    Equal similarities (to nine decimals) are ordered by candidate index, so neither the block size nor the device
    matters. A zero vector has similarity 0 to everything.

    Args:
        queries: ``(n, d)``; any array that can be sliced by rows, so a memory-mapped one too.
        candidates: ``(m, d)``, likewise.
        k: how many, at most m.
        block: rows of either side that are handled at once.

    Returns:
        Candidate indices and similarities, both ``(n, k)``, best first.

    Raises:
        ValueError: the shapes do not fit, a number is not finite, or k or block is out of range.
    """
    left, right = np.asanyarray(queries), np.asanyarray(candidates)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
        raise ValueError(f"queries {left.shape} and candidates {right.shape} must be (n, d) and (m, d)")
    if not 1 <= k <= len(right) or block < 1:
        raise ValueError(f"k is {k} and block {block}; needed: 1 <= k <= {len(right)} candidates, block >= 1")
    ids = np.empty((len(left), k), np.int64)
    similarities = np.empty((len(left), k))
    wider = min(k + _SPARE, len(right))
    for start in range(0, len(left), block):
        found = _search(unit(left[start : start + block]), right, wider, block)
        for at in range(0, len(found[0]), _RESCORED):
            rows = slice(start + at, start + min(at + _RESCORED, len(found[0])))
            some = found[0][at : at + _RESCORED], found[1][at : at + _RESCORED]
            ids[rows], similarities[rows] = _exact(left[rows], right, *some, k, block)
    return ids, similarities


def unit(vectors: Vectors, dtype: Any = np.float32) -> Vectors:
    """Rows of length 1; zero rows stay zero."""
    rows = vectors.astype(np.float64)
    if not np.isfinite(rows).all():
        raise ValueError("a vector holds numbers that are not finite")
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit_rows: Vectors = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return unit_rows.astype(dtype, copy=False)


def _search(queries: Vectors, candidates: Vectors, k: int, block: int) -> tuple[NDArray[np.int64], Vectors]:
    """One block of unit queries against all candidates in float32: ids and similarities, best first."""
    import torch

    search = _search_block_cuda if torch.cuda.is_available() else _search_block
    ids, similarities = np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32)
    for start in range(0, len(candidates), block):
        part = unit(candidates[start : start + block])
        fresh, fresh_ids = search(queries, part, min(k, len(part)))
        similarities = np.concatenate([similarities, fresh], 1)
        ids = np.concatenate([ids, fresh_ids + start], 1)
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
        similarities, ids = np.take_along_axis(similarities, order, 1), np.take_along_axis(ids, order, 1)
    return ids, similarities


def _search_block(queries: Vectors, candidates: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
    import faiss

    similarities, ids = faiss.knn(queries, candidates, k, metric=faiss.METRIC_INNER_PRODUCT)
    return similarities, ids.astype(np.int64, copy=False)


def _search_block_cuda(queries: Vectors, candidates: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
    import torch

    # TF32 would be off by more than the tolerance; torch's default precision for products is float32.
    right = torch.from_numpy(candidates).cuda().T
    found = [torch.topk(part.cuda() @ right, k, dim=1) for part in torch.from_numpy(queries).split(4096)]
    similarities, ids = (torch.cat(parts).cpu().numpy() for parts in zip(*found, strict=True))
    return similarities, ids


def _exact(
    queries: Vectors, candidates: Vectors, ids: NDArray[np.int64], approximate: Vectors, k: int, block: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best k by float64 of what float32 found, or of all where float32 may have missed some."""
    left = unit(queries, np.float64)
    right = unit(candidates[ids.ravel()], np.float64).reshape(*ids.shape, -1)
    values = np.round(np.einsum("nd,nkd->nk", left, right), _DECIMALS)
    order = np.lexsort((ids, -values), axis=1)[:, :k]
    best_ids, best = np.take_along_axis(ids, order, 1), np.take_along_axis(values, order, 1)
    if ids.shape[1] < len(candidates):
        open_rows = np.flatnonzero(approximate[:, -1] >= best[:, -1] - _TOLERANCE)
        if open_rows.size:
            best_ids[open_rows], best[open_rows] = _search_all(left[open_rows], candidates, k, block)
    return best_ids, best


def _search_all(
    queries: Vectors, candidates: Vectors, k: int, block: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Unit queries against all candidates in float64, in tables of at most 1024 × 4096."""
    ids = np.full((len(queries), k), -1, np.int64)
    best = np.full((len(queries), k), -np.inf)
    step = min(block, 4096)
    for start in range(0, len(candidates), step):
        fresh = np.round(queries @ unit(candidates[start : start + step], np.float64).T, _DECIMALS)
        numbers = np.broadcast_to(np.arange(start, start + fresh.shape[1]), fresh.shape)
        values, known = np.concatenate([best, fresh], 1), np.concatenate([ids, numbers], 1)
        # What is kept stands left of what is new: a stable order prefers the lower index.
        order = np.argsort(-values, axis=1, kind="stable")[:, :k]
        best, ids = np.take_along_axis(values, order, 1), np.take_along_axis(known, order, 1)
    return ids, best
