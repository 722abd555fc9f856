"""Intervals, tests and corrections, on simulated comparisons whose truth is known."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from xstilts.questions import statistics
from xstilts.questions.correlation import correlation, correlation_interval, detectable, permuted
from xstilts.questions.examples import GROUPS, resampled

FEW = 400


def simulated(
    generator: np.random.Generator,
    languages: int = 12,
    seeds: int = 3,
    truth: float = 2.0,
    spreads: tuple[float, float, float] = (1.5, 1.0, 0.7),
) -> statistics.Array:
    """Cells with language, seed and cell effects of these standard deviations."""
    shapes = ((1, languages, 1), (1, 1, seeds), (1, languages, seeds))
    parts = [generator.normal(0, spread, shape) for spread, shape in zip(spreads, shapes, strict=True)]
    return truth + sum(parts)


def judged(cells: statistics.Array, seed: int) -> tuple[float, float, float]:
    effect, known = statistics.effect(cells), statistics.spread(cells)
    low, high = statistics.interval(statistics.bootstrap(cells, FEW, seed), effect, known)
    return low, high, max(statistics.sign_flip(cells, FEW, seed), known.p_value(effect))


@pytest.mark.parametrize("spreads", [(1.5, 0.0, 0.7), (1.5, 1.0, 0.7), (0.5, 0.5, 1.0)])
def test_the_interval_covers_the_truth_as_often_as_it_says(spreads: tuple[float, float, float]) -> None:
    generator = np.random.default_rng(0)
    studies = [simulated(generator, spreads=spreads) for _ in range(200)]
    intervals = [judged(cells, number) for number, cells in enumerate(studies)]
    assert 0.90 <= np.mean([low <= 2 <= high for low, high, _ in intervals]) <= 0.99


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("seed_spread", [0.5, 3.0])
def test_few_seeds_that_differ_more_than_languages_do_are_counted_as_few(seeds: int, seed_spread: float) -> None:
    generator = np.random.default_rng(7)
    covered = 0
    for _ in range(1000):
        cells = simulated(generator, seeds=seeds, spreads=(1.5, seed_spread, 0.7))
        covered += abs(statistics.effect(cells) - 2) <= statistics.spread(cells).reach()
    # Satterthwaite's own freedom gives 0.88 to 0.91 where two seeds differ most.
    assert 0.93 <= covered / 1000 <= 0.985


def test_targets_with_other_languages_are_covered_too() -> None:
    generator = np.random.default_rng(8)
    covered = 0
    for _ in range(1000):
        cells = simulated(generator) + generator.normal(0, 0.7, (3, 12, 3))
        cells[1, 8:], cells[2, 4:] = np.nan, np.nan
        covered += abs(statistics.effect(cells) - 2) <= statistics.spread(cells).reach()
    assert 0.93 <= covered / 1000 <= 0.98


@pytest.mark.parametrize("languages", [[40, 4], [40, 2], [12, 4, 2]])
def test_a_target_of_few_languages_counts_as_one(languages: list[int]) -> None:
    generator = np.random.default_rng(12)
    covered, errors, effects = 0, [], []
    for _ in range(600):
        shape = (len(languages), max(languages), 1)
        cells = generator.normal(0, 1.5, shape) + generator.normal(0, 0.5, (*shape[:2], 5))
        for target, count in enumerate(languages):
            cells[target, count:] = np.nan
        known, effect = statistics.spread(cells), statistics.effect(cells)
        covered += abs(effect) <= known.reach()
        errors.append(known.error**2)
        effects.append(effect)
    # All languages pooled as if each weighed the same: 0.81 to 0.89, and half to three quarters of the variance.
    assert covered / 600 >= 0.93
    assert 0.85 <= np.mean(errors) / np.var(effects) <= 1.15


def test_the_interval_excludes_0_where_p_is_small_also_with_two_seeds() -> None:
    generator = np.random.default_rng(9)
    for number in range(60):
        cells = simulated(generator, seeds=2, truth=3.0, spreads=(0.3, 1.5, 0.1))
        known, effect = statistics.spread(cells), statistics.effect(cells)
        low, high = statistics.interval(statistics.bootstrap(cells, FEW, number), effect, known)
        assert high - low == pytest.approx(2 * known.reach())
        assert low < effect < high
        if known.p_value(effect) < 0.01:
            assert not low <= 0 <= high


def test_without_an_effect_one_test_in_twenty_at_most_is_significant() -> None:
    generator = np.random.default_rng(1)
    small = [judged(simulated(generator, truth=0.0), number)[2] < 0.05 for number in range(200)]
    assert np.mean(small) <= 0.08


@pytest.mark.parametrize(("seeds", "tests"), [(2, 10), (3, 10), (2, 4)])
def test_holm_holds_with_few_seeds_that_differ(seeds: int, tests: int) -> None:
    generator = np.random.default_rng(11)
    wrong, families = 0, 150
    for _ in range(families):
        studies = [simulated(generator, seeds=seeds, truth=0.0, spreads=(1.5, 3.0, 0.7)) for _ in range(tests)]
        found = [statistics.spread(cells).p_value(statistics.effect(cells), tests) for cells in studies]
        wrong += min(statistics.holm(found)) < 0.05
    assert wrong <= 0.09 * families


def test_p_of_one_among_several_is_small_where_the_bonferroni_interval_excludes_0() -> None:
    generator = np.random.default_rng(13)
    for tests in (2, 10, 50):
        known = statistics.spread(simulated(generator))
        reach = known.reach(tests=tests)
        assert known.p_value(reach, tests) == pytest.approx(0.05 / tests, rel=1e-3)
        assert known.p_value(-1.01 * reach, tests) < 0.05 / tests < known.p_value(0.99 * reach, tests)
        assert known.p_value(1e9, tests) < 1e-6 and known.p_value(0.0, tests) == pytest.approx(1, abs=1e-6)


def test_what_examples_contribute_is_known_also_among_several() -> None:
    # Of a variance of 2 nearly all is known, and little comes of the three seeds: that is no t of two degrees.
    known = statistics.Spread(2.0**0.5, ((0.1, 0.0, 11.0), (0.1, 0.0, 2.0)), 1.8, 1.8)
    assert known.reach(tests=10) == pytest.approx((0.1 * 3.497**2 + 0.1 * 14.089**2 + 1.8 * 2.807**2) ** 0.5, rel=1e-3)
    assert known.reach(tests=10) < 0.5 * 2.0**0.5 * 14.089


def test_power_grows_with_seeds() -> None:
    found = []
    for seeds in (2, 3, 6):
        generator = np.random.default_rng(2)
        studies = [simulated(generator, seeds=seeds, truth=1.5) for _ in range(40)]
        found.append(np.mean([judged(cells, 0)[2] < 0.05 for cells in studies]))
    assert found == sorted(found) and found[-1] > found[0] + 0.2


def test_the_detectable_effect_is_found_four_times_out_of_five() -> None:
    generator = np.random.default_rng(10)
    known = [statistics.spread(simulated(generator, seeds=5, truth=0.0)) for _ in range(300)]
    truth = float(np.mean([found.minimum_detectable() for found in known]))
    studies = [simulated(generator, seeds=5, truth=truth) for _ in range(300)]
    found = [statistics.spread(cells).p_value(statistics.effect(cells)) < 0.05 for cells in studies]
    assert 0.72 <= np.mean(found) <= 0.88


def test_a_lucky_seed_widens_the_interval() -> None:
    lucky = np.zeros((1, 12, 3)) + np.array([0.0, 0.0, 6.0])
    low, high, p = judged(lucky, 1)
    assert low <= 0 and high >= 4 and p > 0.05


def translated(generator: np.random.Generator, examples: int, kind: str) -> tuple[statistics.Array, statistics.Draws]:
    """Differences in 8 languages and 2 seeds that come only of the test examples.

    These are the ``same`` in all languages, the same but for one that each ``lacks``, or ``other`` ones in each.
    """
    common = generator.normal(0, 0.3, (examples, 1))
    shares, sets = {}, {}
    for number in range(8):
        noise = generator.normal(0, 0.3, (examples, 1)) if kind == "other" else common
        right = np.clip(0.5 + noise + generator.normal(0, 0.1, (examples, 2)), 0, 1)
        there = [example for example in range(examples) if kind != "lacks" or example != number]
        name = number if kind == "other" else ""
        sets[f"l{number}"] = tuple(f"{name}-{example}" for example in there)
        shares[f"l{number}"] = np.stack([right, np.ones_like(right)], axis=-1)[there]
    drawn = resampled(shares, sets, FEW, ("test",))
    cells = np.array([[100 * (s[..., 0].mean(axis=0) - 0.5) for s in shares.values()]])
    return cells, np.stack([drawn[language] for language in shares], axis=1)[:, None] - np.float32(50)


@pytest.mark.parametrize("kind", ["same", "lacks", "other"])
def test_translated_test_sets_do_not_count_as_independent_ones(kind: str) -> None:
    generator = np.random.default_rng(3)
    hits = known = 0
    for number in range(40):
        cells, draws = translated(generator, 150, kind)
        found = statistics.spread(cells, draws)
        drawn = statistics.bootstrap(cells, FEW, number, draws)
        low, high = statistics.interval(drawn, statistics.effect(cells), found)
        hits += low <= 0 <= high
        plain = statistics.spread(cells)
        known += abs(statistics.effect(cells)) <= plain.reach()
    assert hits >= 35
    assert (known < 33) == (kind != "other")


def test_resampled_examples_vary_as_the_theory_says_also_in_groups() -> None:
    right = np.random.default_rng(4).random((3 * GROUPS, 1)) < 0.7
    shares = np.stack([right, np.ones_like(right)], axis=-1).astype(float)
    for count in (400, 3 * GROUPS):
        ids = tuple(map(str, range(count)))
        drawn = resampled({"de": shares[:count]}, {"de": ids}, 4_000, ("test",))["de"]
        expected = 100 * (right[:count].mean() * (1 - right[:count].mean()) / count) ** 0.5
        assert drawn.std() == pytest.approx(expected, rel=0.08)
        assert drawn.mean() == pytest.approx(100 * right[:count].mean(), abs=0.2)


def test_the_same_examples_are_drawn_in_every_run_and_language() -> None:
    shares = np.random.default_rng(5).random((50, 1, 2)) + 1
    ids = tuple(map(str, range(50)))
    both = resampled({"de": shares, "fr": shares}, {"de": ids, "fr": ids}, 20, ("test",))
    alone = resampled({"fr": shares}, {"fr": ids}, 20, ("test",))
    np.testing.assert_array_equal(both["de"], both["fr"])
    np.testing.assert_allclose(both["fr"], alone["fr"], rtol=1e-5)


def test_targets_weigh_the_same_however_many_languages_they_have() -> None:
    cells = np.full((2, 10, 1), 1.0)
    cells[1], cells[1, 0] = np.nan, 3.0
    assert statistics.effect(cells) == pytest.approx(2.0)


def test_sign_flip_is_exact_for_few_units() -> None:
    assert statistics.sign_flip(np.ones((1, 6, 2)), FEW, 0) == 2 / 2**6
    assert statistics.sign_flip(np.array([[[1.0], [-1.0]]]), FEW, 0) == 1.0


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values: list[float]) -> None:
    corrected = statistics.holm(values)
    assert all(p <= q <= 1 for p, q in zip(values, corrected, strict=True))
    assert [corrected[i] for i in np.argsort(values, kind="stable")] == sorted(corrected)


def test_a_single_number_has_no_interval_and_no_p() -> None:
    cells = np.full((1, 1, 1), 11.0)
    known = statistics.spread(cells)
    low, high = statistics.interval(statistics.bootstrap(cells, 100, 1), 11.0, known)
    assert np.isnan([low, high, known.p_value(11.0), known.minimum_detectable()]).all()
    assert np.isfinite(statistics.spread(np.array([[[11.0, 13.0]]])).p_value(12.0))


def test_seeds_that_agree_by_chance_do_not_make_certain() -> None:
    cells = np.full((1, 1, 2), 7.5)
    assert np.isnan(statistics.spread(cells).p_value(7.5))
    draws = np.random.default_rng(6).normal(7.5, 5, (FEW, 1, 1, 1)).astype(np.float32) + np.zeros_like(
        cells, np.float32
    )
    known = statistics.spread(cells, draws)
    low, high = statistics.interval(statistics.bootstrap(cells, FEW, 1, draws), 7.5, known)
    assert low < 0 < high < 20 and known.p_value(7.5) == pytest.approx(0.13, abs=0.03)
    # Each seed's errors are its own, so the two agreed by luck, which among several tests happens somewhere.
    apart = np.random.default_rng(7).normal(7.5, 5, (FEW, 1, 1, 2)).astype(np.float32)
    lucky = statistics.spread(cells, apart)
    assert lucky.p_value(12.0) < 0.01 and lucky.p_value(12.0, tests=10) > 0.05
    same = np.zeros((1, 3, 2))
    assert np.isnan(statistics.spread(same).minimum_detectable())
    assert statistics.interval(statistics.bootstrap(same, FEW, 1), 0.0, statistics.spread(same)) == (0, 0)


def test_holm_as_published() -> None:
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([0.01], family=5) == pytest.approx([0.05])


def test_correlations_are_those_of_scipy_with_ties_too() -> None:
    first, second = np.array([1.0, 2, 2, 4, 5, 7]), np.array([2.0, 1, 4, 4, 5, 6])
    assert correlation("spearman", first, second) == pytest.approx(scipy.stats.spearmanr(first, second).statistic)
    assert correlation("kendall", first, second) == pytest.approx(scipy.stats.kendalltau(first, second).statistic)


def test_few_recipes_can_conclude_little() -> None:
    ranks = np.arange(4.0)
    assert permuted("spearman", ranks, ranks, 10_000, 0) == pytest.approx(2 / 24)
    assert detectable("spearman", 9) > 0.8 and detectable("kendall", 4) == np.inf
    perfect = np.repeat(ranks[None], FEW, axis=0)
    low, high = correlation_interval("spearman", ranks, perfect, 1.0, 0)
    assert -1 <= low < 0 < high == 1
    assert correlation_interval("kendall", ranks, perfect, 1.0, 0) == (-1, 1)
    many = np.arange(40.0)
    low, high = correlation_interval("spearman", many, np.repeat(many[None], FEW, axis=0), 1.0, 0)
    assert 0.8 < low < high == 1
