"""Intervals, p-values and detectable effects for paired differences.

The data of a contrast are *cells*: an array of shape (targets, languages, seeds), in percentage points, holding NaN
where a target has no such language. Its effect is the mean over targets of each target's mean over cells: the
benchmark's own average, in which a target with many languages counts no more than one with few. Targets are fixed (the
verdict is about these targets); languages, seeds and test examples are samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
# Cells of resampled test examples, (resamples, targets, languages, seeds).
Draws = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.floating[Any]]

CONFIDENCE = 0.95
POWER = 0.80
# Degrees of freedom of an error that is known.
_MANY = 1e6
# How often the bounds from which degrees of freedom are taken may fail; `benchmarks/coverage.py` shows the effect.
_FAILING = 0.20
# Half the smallest p that is told apart.
_LEAST = 1e-12
# An error of this share of the effect comes from the arithmetic.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Spread:
    """How far an effect may be from the truth.

    Attributes:
        error: standard error; NaN where nothing was seen to vary.
        parts: mean squares that the variance was put together from, as parts of it; what of each is known; and their
            degrees of freedom.
        known: the part of the variance that is known: what test examples contribute.
        shared: what of that no mean square holds: examples that languages and seeds have in common.
    """

    error: float
    parts: tuple[tuple[float, float, float], ...] = ()
    known: float = 0.0
    shared: float = 0.0

    def freedom(self) -> float:
        """Degrees of freedom of the variance, at least 1: Satterthwaite's (1946), with caution.

        Satterthwaite takes the mean squares for their expectations. One with few degrees of freedom is mostly smaller
        than its own, and then promises more freedom than there is: of studies with two seeds that differ more than
        languages do, 11 % of the 95 % intervals would miss the truth. So each enters at the upper end of a one-sided
        interval for its expectation, which moves the sum's freedom towards that of the less certain one. For the width
        alone: the error stays without bias. What examples contribute to a mean square is known and not uncertain; one
        below that is lucky, and counts as one that is as lucky as one of five.
        """
        from scipy.special import chdtri

        scatter = unknown = 0.0
        for value, known, freedom in self.parts:
            least = known * chdtri(freedom, 1 - _FAILING) / freedom
            bound = max(0.0, max(value, least) * freedom / chdtri(freedom, 1 - _FAILING) - known)
            unknown += bound
            scatter += bound**2 / freedom
        return float(np.clip((unknown + self.known) ** 2 / scatter, 1.0, _MANY)) if scatter else _MANY

    def reach(self, confidence: float = CONFIDENCE, tests: int = 1) -> float:
        """Half the width of an interval; of one of several ``tests``, after Bonferroni.

        Of a single one by Student's t. Of several by :meth:`_bound`: the smallest of many p is found where a mean
        square is small by chance, and Student's t of a freedom that was estimated from it does not hold there.
        """
        from scipy.special import stdtrit

        tail = (1 - confidence) / 2 / tests
        return self._bound(tail) if tests > 1 else self.error * float(stdtrit(self.freedom(), 1 - tail))

    def p_value(self, effect: float, tests: int = 1) -> float:
        """Two-sided p that the effect is 0, of one of ``tests`` that are to be corrected together, as :meth:`reach`."""
        from scipy.optimize import brentq
        from scipy.special import stdtr

        if not self.error:
            return 1.0
        if tests == 1 or not np.isfinite(self.error):
            return float(2 * stdtr(self.freedom(), -abs(effect) / self.error))
        if self._bound(_LEAST) <= abs(effect):
            return 2 * _LEAST
        found = brentq(lambda tail: self._bound(np.exp(tail)) - abs(effect), np.log(_LEAST), np.log(0.5))
        return float(2 * np.exp(found))

    def _bound(self, tail: float) -> float:
        """How far the estimate is from the truth, exceeded at either side in ``tail`` of all studies at most.

        Banerjee's (1960) bound: each part of the variance has the quantile of its own degrees of freedom, that of the
        normal distribution where it is known, and the squares of what they reach are summed.
        """
        from scipy.special import ndtri, stdtrit

        values, freedom = (np.array([part[place] for part in self.parts]) for place in (0, 2))
        # A variance that is no smaller than the examples' makes up for what mean squares lack by chance.
        unknown = max(self.error**2 - self.shared, 0.0)
        if values.sum() > 0:
            shares = values / values.sum()
        else:
            shares = (freedom == freedom.min(initial=_MANY)) / max(1, len(freedom))
        own = float((stdtrit(freedom, 1 - tail) ** 2 * shares).sum()) * unknown if len(freedom) else 0.0
        known = self.shared if len(freedom) else self.error**2
        return float((own + ndtri(1 - tail) ** 2 * known) ** 0.5)

    def minimum_detectable(self, tests: int = 1) -> float:
        """Smallest effect that this test at 5 % finds four times in five, though it be the only one of ``tests``.

        NaN where nothing differed: then nothing is known of what would have been seen.
        """
        from scipy.special import stdtrit

        if not self.error:
            return float("nan")
        return self.reach(tests=tests) + self.error * float(stdtrit(self.freedom(), POWER))


def effect(cells: Array) -> float:
    """Mean over targets of the mean over each target's cells; NaN without any cell."""
    contributions = _contributions(cells)
    return float(contributions.sum()) if contributions.size else float("nan")


def bootstrap(cells: Array, resamples: int, seed: int, draws: Draws | None = None) -> Array:
    """Effects of ``resamples`` hierarchical resamples of the cells (shape ``(resamples,)``).

    Languages are drawn with replacement, then seeds, then the test examples inside (``draws``, where the predictions
    are known). A seed is one checkpoint evaluated in every language, so one draw of seeds serves all languages and
    targets, as one draw of languages serves all targets: what cells share stays shared. (Drawing seeds anew for each
    language would treat a lucky checkpoint as many independent ones, and give intervals that are too short.) Of n
    units n - 1 are drawn, which makes the bootstrap variance of a mean unbiased (McCarthy and Snowden 1985).
    """
    generator = np.random.default_rng(seed)
    languages = _weights(generator, cells.shape[1], resamples)
    seeds = _weights(generator, cells.shape[2], resamples)
    present = np.isfinite(cells)
    filled = np.where(present, cells, 0.0)[None] if draws is None else np.where(present, draws, np.float32(0))
    kind = "btls" if len(filled) == resamples else "xtls"
    totals = np.einsum(f"{kind},bs,bl->bt", filled, seeds, languages, optimize=True)
    counts = np.einsum("tls,bs,bl->bt", present.astype(float), seeds, languages, optimize=True)
    covered = counts > 0
    means = np.divide(totals, counts, out=np.zeros_like(counts), where=covered)
    targets = covered.sum(axis=1)
    drawn = np.divide(means.sum(axis=1), targets, out=np.full(resamples, np.nan), where=targets > 0)
    finite: Array = drawn[np.isfinite(drawn)]
    return finite


def spread(cells: Array, draws: Draws | None = None) -> Spread:
    """Standard error of the effect, from the variation between languages, between seeds and between test examples.

    Plain hierarchical resampling counts what varies below a level again at every level (Davison and Hinkley 1997,
    section 3.8; Owen 2007 for crossed levels), and a percentile interval takes three seeds for many. So the variance is
    put together from the mean squares of the two-way layout languages x seeds, whose expectation it is without any
    bias (Searle, Casella and McCulloch 1992, chapter 4). The mean squares contain what examples of one language
    contribute; what the same examples contribute to several languages at once (translated test sets) is added from the
    covariance of ``draws`` between cells that share neither language nor seed. A single language or seed is fixed: it
    adds nothing. Cells may agree by chance, two seeds above all: no interval is shorter than test examples alone make
    it. One number alone, or several that are all the same, say nothing of their error.
    """
    mean = effect(cells)
    layout = mean + _deviations(cells, cells[None])[0]
    languages, seeds = layout.shape
    changes = None if draws is None else draws - cells.astype(np.float32)
    apart = np.zeros((1, languages, seeds)) if changes is None else _deviations(cells, changes)
    means = (layout.mean(axis=1), apart.mean(axis=2)), (layout.mean(axis=0), apart.mean(axis=1))
    parts = tuple(
        (float(_part(found)), float(_part(drawn).mean()), freedom)
        for (found, drawn), freedom in zip(means, (_freedom(cells), seeds - 1.0), strict=True)
        if found.size > 1
    )
    values = [value for value, _, _ in parts]
    inside = layout - means[0][0][:, None] - means[1][0] + mean
    twice = float((inside**2).sum() / (languages - 1) / (seeds - 1) / layout.size) if len(parts) > 1 else 0.0
    changed = np.zeros((1, languages, seeds), np.float32) if changes is None else _of_languages(cells, changes)
    shared = _shared_examples(changed)
    # Each mean square alone is, on average, no larger than the variance: what falls below it is chance.
    variance = max([sum(values) - twice, *values, 0.0]) + shared
    examples = float(changed.sum(axis=(1, 2)).var())
    found = Spread(max(variance, examples) ** 0.5, parts, examples, min(shared, max(variance, examples)))
    known = found.error > _ROUNDING * abs(mean) or not mean
    return found if known else Spread(float("nan"))


def _part(means: Numbers) -> Numbers:
    """What the units with these means (last axis) contribute to the variance of their mean."""
    found: Numbers = means.var(axis=-1, ddof=1) / means.shape[-1]
    return found


def interval(distribution: Array, about: float, known: Spread, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval as wide as Student's t with the known error says, as lopsided as the bootstrap distribution.

    The width is not the distribution's own: the few values that two resampled seeds can take have no tails.

    Args:
        distribution: what :func:`bootstrap` drew.
        about: the effect.
        known: what :func:`spread` found.
        confidence: of the interval.
    """
    tail = (1 - confidence) / 2
    reach = known.error and known.reach(confidence)
    below, above = np.abs(np.quantile(distribution, [tail, 1 - tail]) - about) if distribution.size else (0.0, 0.0)
    part = float(below / (below + above)) if below + above > 0 else 0.5
    return about - 2 * reach * part, about + 2 * reach * (1 - part)


def sign_flip(cells: Array, resamples: int, seed: int) -> float:
    """Two-sided p of the paired sign-flip permutation test that the effect is 0.

    The unit of exchange is the language: under the null hypothesis that level and baseline are interchangeable, its
    mean difference (over seeds, in all targets together) is as likely to have either sign. Exact where ``resamples``
    allow all flips, otherwise from so many random ones, counting the observed one. With n languages no p is below
    2 / 2**n.

    Languages that share a seed share a checkpoint, and flipping them independently ignores that: where a seed shifts
    all languages at once, this p alone is too small. Take the larger of it and :meth:`Spread.p_value`.
    """
    from scipy.stats import permutation_test

    units = _contributions(cells)
    if not np.any(units):
        return 1.0
    tested = permutation_test(
        (units,), np.sum, permutation_type="samples", n_resamples=resamples, rng=np.random.default_rng(seed)
    )
    return float(tested.pvalue)


def smallest_p(languages: int, resamples: int) -> float:
    """The smallest p that :func:`sign_flip` can give; 0 of a single language, which is not flipped."""
    return 2 / min(2**languages, resamples + 1) if languages > 1 else 0.0


def holm(p_values: Sequence[float], family: int | None = None) -> list[float]:
    """Holm's step-down correction (Holm 1979), in the order given.

    ``family`` is the number of planned tests; it exceeds ``len(p_values)`` where some cannot be made yet, so that an
    incomplete study never reaches significance more easily than the complete one.
    """
    family = len(p_values) if family is None else family
    corrected = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, min(1.0, (family - rank) * p_values[index]))
        corrected[index] = running
    return corrected


def _contributions(cells: Array) -> Array:
    """What each language adds to the effect (shape ``(languages,)``); languages without a cell are left out."""
    summed: Array = (np.where(np.isfinite(cells), cells, 0.0) * _shares(cells)).sum(axis=(0, 2))
    return summed[np.isfinite(cells).any(axis=(0, 2))]


def _shares(cells: Array) -> Array:
    """What each cell counts in the effect; 0 where there is none."""
    present = np.isfinite(cells)
    counts = present.sum(axis=(1, 2), keepdims=True)
    targets = int((counts > 0).sum())
    shares: Array = np.divide(present, counts * targets, out=np.zeros(cells.shape), where=counts > 0)
    return shares


def _deviations(cells: Array, values: Numbers) -> Numbers:
    """Deviations from the effect in a layout of languages x seeds that stands for all targets.

    Each target is taken about its own mean, in its weight. Deviations from the mean of n languages are too small by
    (n - 1) / n of their square, which :func:`spread` corrects by the number of all languages, as if every target had
    them; so those of a target with few are enlarged here.

    Args:
        cells: say where there are cells.
        values: ``(…, targets, languages, seeds)``.

    Returns:
        ``(…, languages, seeds)``, of mean 0; languages without a cell are left out.
    """
    present = np.isfinite(cells)
    filled, spoken = np.where(present, values, 0), present.any(axis=(0, 2))
    seeds = filled.sum(axis=-2, keepdims=True) * _reciprocal(present.sum(axis=1, keepdims=True), values)
    means = filled.sum(axis=(-2, -1), keepdims=True) * _reciprocal(present.sum(axis=(1, 2), keepdims=True), values)
    count, every = present.any(axis=2).sum(axis=1)[:, None, None], int(spoken.sum())
    enlarged = np.sqrt((count > 1) * count / np.maximum(count - 1, 1) * (every - 1) / every).astype(values.dtype)
    weights = (_shares(cells) * every * cells.shape[2]).astype(values.dtype)
    found: Numbers = (((filled - seeds) * enlarged + seeds - means) * weights).sum(axis=-3)[..., spoken, :]
    return found


def _reciprocal(counts: npt.NDArray[np.int64], like: Numbers) -> Numbers:
    found: Numbers = (1 / np.maximum(counts, 1)).astype(like.dtype)
    return found


def _freedom(cells: Array) -> float:
    """Degrees of freedom of the mean square between languages: one less than their number, where all weigh the same.

    A target with few languages gives each of them much weight: the mean square is then mostly theirs. Counted are the
    languages of equal variance that would vary as much (Satterthwaite 1946, targets' deviations being independent).
    """
    present = np.isfinite(cells).any(axis=2)
    weights = (_shares(cells).sum(axis=2) ** 2)[present.sum(axis=1) > 1].sum(axis=0)
    return max(1.0, float(weights.sum() ** 2 / (weights**2).sum()) - 1) if weights.any() else 1.0


def _of_languages(cells: Array, changes: Draws) -> Draws:
    """What resampled examples change in each language's and seed's share of the effect.

    Returns:
        ``(resamples, languages, seeds)``; languages without a cell are left out.
    """
    present = np.isfinite(cells)
    weighted = np.where(present, changes, 0) * _shares(cells).astype(np.float32)
    found: Draws = weighted.sum(axis=1)[:, present.any(axis=(0, 2))]
    return found


def _shared_examples(summed: Draws) -> float:
    """Variance of the effect by examples that cells of different languages and seeds have in common."""
    languages, seeds = summed.shape[1:]
    apart = summed.sum(axis=(1, 2)).var()
    pairs = 1.0
    if languages > 1:
        apart, pairs = apart - summed.sum(axis=2).var(axis=0).sum(), pairs * languages / (languages - 1)
    if seeds > 1:
        apart, pairs = apart - summed.sum(axis=1).var(axis=0).sum(), pairs * seeds / (seeds - 1)
    if languages > 1 and seeds > 1:
        apart = apart + summed.var(axis=0).sum()
    return max(0.0, float(apart * pairs))


def _weights(generator: np.random.Generator, units: int, resamples: int) -> Array:
    """How often each unit is drawn, per resample (shape ``(resamples, units)``); a single unit is always drawn."""
    return generator.multinomial(max(1, units - 1), np.full(units, 1 / units), size=resamples).astype(float)
