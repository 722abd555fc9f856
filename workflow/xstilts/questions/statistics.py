"""Intervals, p-values and detectable effects for paired differences.

The data of a contrast are *cells*: an array of shape (targets, languages, seeds), in percentage points, holding NaN
where a target has no such language. Its effect is the mean over targets of each target's mean over cells: the
benchmark's own average, in which a target with many languages counts no more than one with few. Targets are fixed (the
verdict is about these targets); languages and seeds are samples.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

EXACT_UNITS = 14
CONFIDENCE = 0.95
# z(0.975) + z(0.80): the effect, in standard errors, that a two-sided 5 % test finds four times out of five.
POWER_FACTOR = 1.96 + 0.84


def effect(cells: Array) -> float:
    """Mean over targets of the mean over each target's cells; NaN without any cell."""
    contributions = _contributions(cells)
    return float(contributions.sum()) if contributions.size else float("nan")


def bootstrap(cells: Array, resamples: int, seed: int) -> Array:
    """Effects of ``resamples`` hierarchical resamples of the cells (shape ``(resamples,)``).

    Languages are drawn with replacement, then seeds. A seed is one checkpoint evaluated in every language, so one draw
    of seeds serves all languages and targets, as one draw of languages serves all targets: what cells share stays
    shared. (Drawing seeds anew for each language would treat a lucky checkpoint as many independent ones, and give
    intervals that are too short.) Of n units n - 1 are drawn, which makes the bootstrap variance of a mean unbiased
    (McCarthy and Snowden 1985); with three seeds the ordinary bootstrap would understate it by a third.

    Test examples are taken as fixed. Resampling them is a third factor beside the two below.
    """
    generator = np.random.default_rng(seed)
    present = np.isfinite(cells)
    languages = _weights(generator, cells.shape[1], resamples)
    seeds = _weights(generator, cells.shape[2], resamples)
    totals, counts = (
        np.einsum("bl,tls,bs->bt", languages, values, seeds, optimize=True)
        for values in (np.where(present, cells, 0.0), present.astype(float))
    )
    covered = counts > 0
    means = np.divide(totals, counts, out=np.zeros_like(totals), where=covered)
    targets = covered.sum(axis=1)
    drawn = np.divide(means.sum(axis=1), targets, out=np.full(resamples, np.nan), where=targets > 0)
    finite: Array = drawn[np.isfinite(drawn)]
    return finite


def interval(distribution: Array, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Percentile interval of a bootstrap distribution."""
    tail = 50 * (1 - confidence)
    low, high = np.percentile(distribution, [tail, 100 - tail])
    return float(low), float(high)


def minimum_detectable(distribution: Array) -> float:
    """Smallest effect found with 80 % power at the 5 % level, were the standard error the bootstrap's."""
    return POWER_FACTOR * float(distribution.std())


def sign_flip(cells: Array, resamples: int, seed: int) -> float:
    """Two-sided p of the paired sign-flip permutation test that the effect is 0.

    The unit of exchange is the language: under the null hypothesis that level and baseline are interchangeable, its
    mean difference (over seeds, in all targets together) is as likely to have either sign. Exact up to
    ``EXACT_UNITS`` languages, otherwise from ``resamples`` random flips, counting the observed one.

    Limits: languages that share a seed share a checkpoint, and flipping them independently ignores that, so p alone is
    too small where a seed shifts all languages at once. A verdict therefore also asks the bootstrap interval, which
    keeps seeds together. With n languages no p is below 2 / 2**n.
    """
    units = _contributions(cells)
    units = units[np.abs(units) > 0]
    if not units.size:
        return 1.0
    if units.size <= EXACT_UNITS:
        signs = 1.0 - 2.0 * (np.arange(2**units.size)[:, None] >> np.arange(units.size) & 1)
        return float(_at_least(signs @ units, units).mean())
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(resamples, units.size))
    return float((1 + _at_least(signs @ units, units).sum()) / (1 + resamples))


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
    present = np.isfinite(cells)
    counts = present.sum(axis=(1, 2), keepdims=True)
    targets = int((counts > 0).sum())
    shares = np.divide(np.where(present, cells, 0.0), counts * targets, out=np.zeros(cells.shape), where=counts > 0)
    summed: Array = shares.sum(axis=(0, 2))[present.any(axis=(0, 2))]
    return summed


def _weights(generator: np.random.Generator, units: int, resamples: int) -> Array:
    """How often each unit is drawn, per resample (shape ``(resamples, units)``); a single unit is always drawn."""
    return generator.multinomial(max(1, units - 1), np.full(units, 1 / units), size=resamples).astype(float)


def _at_least(sums: Array, units: Array) -> npt.NDArray[np.bool_]:
    """Which flipped sums are as extreme as the observed one, rounding aside."""
    extreme: npt.NDArray[np.bool_] = np.abs(sums) >= abs(units.sum()) - 1e-9 * np.abs(units).sum()
    return extreme
