"""Sentence pairs in one layer, and what the measures share of them.

Everything is computed in float64 by blocks of rows: beside the vectors, memory is that of a few blocks and of
``d × d`` tables for vectors of width d, whatever the number of pairs.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xstilts.evaluation.margin import NEIGHBOURS
from xstilts.evaluation.search import nearest, unit

Vectors = NDArray[Any]
Array = NDArray[np.float64]

BLOCK = 4096

# Share of the mean's square below which variance is the rounding of float32 states in batches of different shapes.
_STILL = 1e-10


class Neighbours(NamedTuple):
    """Nearest sentences of the other side and their cosines, both ``(n, k)``, best first."""

    ids: NDArray[np.int64]
    similarities: Array


@dataclass(frozen=True)
class Pairs:
    """Vectors of sentences and their translations; row i of each array is about pair i.

    Attributes:
        english: ``(n, d)``, of the English sentences.
        other: ``(n, d)``, of their counterparts in the language.
        other_before: ``(n, d)``, of the same counterparts in the pretrained encoder; None where no measure wants it.
    """

    english: Vectors
    other: Vectors
    other_before: Vectors | None = None
    _scatters: dict[str, Array] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def forward(self) -> Neighbours:
        """Of every English sentence, the nearest of the language."""
        return Neighbours(*nearest(self.english, self.other, k=self._k))

    @cached_property
    def backward(self) -> Neighbours:
        """Of every sentence of the language, the nearest English ones."""
        return Neighbours(*nearest(self.other, self.english, k=self._k))

    @cached_property
    def cosines(self) -> Array:
        """Of every pair (``(n,)``)."""
        return self._cosines("english", "other")

    @cached_property
    def english_sum(self) -> Array:
        """Sum of the English vectors at unit length (``(d,)``)."""
        return self._unit_sum("english")

    @cached_property
    def other_sum(self) -> Array:
        """Sum of the language's vectors at unit length (``(d,)``)."""
        return self._unit_sum("other")

    def mean_cosine(self, left: str, right: str) -> float:
        """Mean cosine of two arrays, row by row."""
        return float(self._cosines(left, right).mean())

    def linear_cka(self, left: str, right: str) -> float:
        """Linear CKA of two arrays of the pairs, debiased; NaN if one of them does not vary, or of fewer than 4 pairs.

        ``HSIC(X, Y) / √(HSIC(X, X) HSIC(Y, Y))`` (Kornblith et al. 2019) with the unbiased estimator of HSIC (Song et
        al. 2012, section 3), as Nguyen et al. 2021 use it. The plain one, ``||Y'X||²``, is about d / (n + d) for n
        unrelated vectors of d independent numbers, and so depends on how isotropic they are.
        """
        n = len(self.english)
        scale = self._hsic(left, left) * self._hsic(right, right) if n > 3 else 0.0
        return self._hsic(left, right) / math.sqrt(scale) if scale > 0 else float("nan")

    def _hsic(self, left: str, right: str) -> float:
        """Unbiased HSIC of linear kernels, times n (n - 3); 0 where an array does not vary.

        Rows of centred arrays sum to zero, so that of the estimator's sums over the kernels those over the diagonals
        are left, which are the rows' squared lengths.
        """
        n = len(self.english)
        mine, other = self._lengths(left), self._lengths(right)
        if not (self.scatter(left).any() and self.scatter(right).any()):
            return 0.0
        table = self.scatter(left) if left == right else self.product(left, right)
        diagonals = n / (n - 2) * float(mine @ other) - float(mine.sum() * other.sum()) / ((n - 1) * (n - 2))
        return float((table**2).sum()) - diagonals

    def _lengths(self, side: str) -> Array:
        """Squared length of every row of an array, centred (``(n,)``)."""
        x = self._array(side)
        mean = x.mean(0, dtype=np.float64)
        return np.concatenate([((x[rows] - mean) ** 2).sum(1) for rows in self._blocks()])

    def scatter(self, side: str) -> Array:
        """``X'X`` of an array, centred (``(d, d)``); zeros where its rows differ by rounding alone."""
        if side not in self._scatters:
            table = self.product(side, side)
            mean = self._array(side).mean(0, dtype=np.float64)
            still = float(table.trace()) <= _STILL * len(self.english) * float(mean @ mean)
            self._scatters[side] = np.zeros_like(table) if still else table
        return self._scatters[side]

    def product(self, left: str, right: str) -> Array:
        """``X'Y`` of two arrays, both centred (``(d, d)``)."""
        x, y = self._array(left), self._array(right)
        x_mean, y_mean = (side.mean(0, dtype=np.float64) for side in (x, y))
        total = np.zeros((x.shape[1], y.shape[1]))
        for rows in self._blocks():
            total += (x[rows] - x_mean).T @ (y[rows] - y_mean)
        return total

    @property
    def _k(self) -> int:
        return min(NEIGHBOURS["ratio"], len(self.english))

    def _cosines(self, left: str, right: str) -> Array:
        x, y = self._array(left), self._array(right)
        parts = [np.einsum("nd,nd->n", unit(x[rows], np.float64), unit(y[rows], np.float64)) for rows in self._blocks()]
        return np.concatenate(parts)

    def _unit_sum(self, side: str) -> Array:
        vectors = self._array(side)
        total = np.zeros(vectors.shape[1])
        for rows in self._blocks():
            total += unit(vectors[rows], np.float64).sum(0)
        return total

    def _array(self, name: str) -> Vectors:
        found: Vectors | None = getattr(self, name)
        if found is None:
            raise ValueError(f"these pairs have no {name}")
        return found

    def _blocks(self) -> Iterator[slice]:
        for start in range(0, len(self.english), BLOCK):
            yield slice(start, start + BLOCK)
