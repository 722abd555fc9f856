"""Whether what is known of the intermediate recipes goes with what they do: rank correlations over recipes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from xstilts.questions.statistics import CONFIDENCE, POWER, Array

# Fieller, Hartley and Pearson 1957: variance of Fisher's z of a rank correlation, times n - 3 and n - 4.
_FIELLER = {"spearman": (1.06, 3), "kendall": (0.437, 4)}
STATISTICS = tuple(_FIELLER)


def correlation(name: str, covariate: Array, outcome: Array) -> Array:
    """Spearman's rho or Kendall's tau-b along the last axis; NaN where one side does not vary.

    Args:
        name: ``spearman`` or ``kendall``.
        covariate: ``(…, recipes)``.
        outcome: the same shape.
    """
    if name == "spearman":
        from scipy.stats import rankdata

        first, second = rankdata(covariate, axis=-1), rankdata(outcome, axis=-1)
        first, second = (side - side.mean(axis=-1, keepdims=True) for side in (first, second))
    else:
        first, second = (np.sign(side[..., :, None] - side[..., None, :]) for side in (covariate, outcome))
        first, second = (side.reshape(*side.shape[:-2], -1) for side in (first, second))
    scale = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    found: Array = np.divide((first * second).sum(axis=-1), scale, out=np.full(scale.shape, np.nan), where=scale > 0)
    return found


def correlation_interval(name: str, covariate: Array, outcomes: Array, found: float, seed: int) -> tuple[float, float]:
    """95 % interval: the wider of resampled recipes, and with them what they were measured on, and of Fisher's z.

    A perfect order of recipes stays perfect however they are resampled, and few recipes are often in perfect order;
    so neither end is nearer than Fisher's z says, with the variance of Bonett and Wright (2000) for Spearman's rho and
    that of Fieller, Hartley and Pearson (1957) for Kendall's tau, about a coefficient shrunk by 1 / n, because of a
    perfect one z is infinite.

    Args:
        name: of the statistic.
        covariate: ``(recipes,)``.
        outcomes: ``(resamples, recipes)``: outcomes of resampled languages, seeds and examples.
        found: the statistic; NaN where one side does not vary.
        seed: of the recipes' resamples. Resamples of a single recipe have no correlation and are left out.
    """
    from scipy.special import ndtri

    count = len(covariate)
    drawn = np.random.default_rng(seed).integers(0, count, (len(outcomes), count))
    values = correlation(name, covariate[drawn], np.take_along_axis(outcomes, drawn, axis=1))
    values = values[np.isfinite(values)]
    if not values.size or not np.isfinite(found):
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    variance, lost = _FIELLER[name]
    if count <= lost:
        return -1.0, 1.0
    variance = 1 + found**2 / 2 if name == "spearman" else variance
    reach = ndtri(1 - tail) * (variance / (count - lost)) ** 0.5
    below, above = np.tanh(np.arctanh(found * (1 - 1 / count)) + np.array([-reach, reach]))
    return float(min(low, below)), float(max(high, above))


def permuted(name: str, covariate: Array, outcome: Array, resamples: int, seed: int) -> float:
    """Two-sided p of the permutation test that covariate and outcome are not paired; n recipes give 2 / n! at best."""
    from scipy.stats import permutation_test

    def statistic(shuffled: npt.NDArray[Any], axis: int = -1) -> Array:
        moved = np.moveaxis(shuffled, axis, -1)
        return correlation(name, moved, np.broadcast_to(outcome, moved.shape))

    if not np.isfinite(statistic(covariate)):
        return 1.0
    tested = permutation_test(
        (covariate,),
        statistic,
        permutation_type="pairings",
        vectorized=True,
        n_resamples=resamples,
        batch=1000,
        rng=np.random.default_rng(seed),
    )
    return float(tested.pvalue)


def detectable(name: str, recipes: int, tests: int = 1) -> float:
    """The correlation that a two-sided 5 % test over so many recipes finds four times out of five.

    Of ``tests`` that are corrected together: though it be the only one. Infinite where the permutations of so few
    recipes cannot give a p so small.
    """
    from scipy.special import factorial, ndtri

    variance, lost = _FIELLER[name]
    if recipes <= lost or 2 * tests / factorial(recipes) >= 1 - CONFIDENCE:
        return float("inf")
    z = (ndtri(1 - (1 - CONFIDENCE) / 2 / tests) + ndtri(POWER)) * (variance / (recipes - lost)) ** 0.5
    return float(np.tanh(z))
