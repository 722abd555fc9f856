"""How often a 95 % interval covers the truth, and how often a verdict is wrongly given, on simulated studies.

    python benchmarks/coverage.py [--simulations 2000] [--resamples 400] [--workers 2]

Differences between two recipes that do not differ are drawn as language + seed + cell effects, and in some designs test
examples beneath them, either other ones in every language or the same, translated. They go through the same functions
as a study's. Prints one line per design: how often the interval covers, how often p < 0.05, how often there is a
verdict, and the mean and median length of the intervals over that of one that knows the variances. Then how often a
question of several contrasts has at least one verdict although nothing differs; how often a true difference is found;
and how often the interval of a rank correlation over recipes covers it. 2,000 simulations know a rate of 5 % to within
one point.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from xstilts.questions import statistics
from xstilts.questions.correlation import correlation, correlation_interval, permuted
from xstilts.questions.examples import resampled
from xstilts.seeds import derive_seed


@dataclass(frozen=True)
class Design:
    """A kind of study.

    Attributes:
        languages: their number.
        seeds: their number.
        spreads: standard deviations of language, seed and cell effects, in points.
        examples: test examples per language; 0: as many as anyone could want.
        translated: whether they are the same in every language.
        lacking: how many of them, each time others, a language lacks.
        tails: ``normal``, ``heavy`` (Student's t with 3 degrees of freedom) or ``skewed`` (exponential).
        shares: the part of the languages that each target has; what a target adds to a cell is a cell effect.
        own: standard deviation of what a target adds to a language, in every seed.
    """

    languages: int
    seeds: int
    spreads: tuple[float, float, float]
    examples: int = 0
    translated: bool = False
    lacking: int = 0
    tails: str = "normal"
    shares: tuple[float, ...] = (1.0,)
    own: float = 0.0

    def present(self) -> statistics.Array:
        """1 where a target has a language, otherwise NaN."""
        there = np.arange(self.languages) < np.multiply(self.languages, self.shares)[:, None]
        found: statistics.Array = np.where(there, 1.0, np.nan)[:, :, None]
        return found

    def error(self) -> float:
        """Standard error of the effect."""
        weights = np.nan_to_num(self.present()[..., 0])
        weights /= weights.sum(axis=1, keepdims=True) * len(weights)
        language, seed, cell = np.square(self.spreads)
        below = (weights**2).sum() / self.seeds
        found = language * (weights.sum(axis=0) ** 2).sum() + seed / self.seeds + cell * below
        found += self.own**2 * below * self.seeds
        if self.examples:
            found += OWN**2 / self.examples / (1 if self.translated else self.languages)
            found += INSEED**2 / self.examples * below
        return float(found**0.5)


# An example's difference between the recipes: its own, and its own in a seed; in points.
OWN, INSEED = 20.0, 10.0
DESIGNS = [
    Design(12, 3, (1.5, 0.0, 0.7)),
    Design(12, 3, (1.5, 0.5, 0.7)),
    Design(12, 3, (1.5, 1.0, 0.7)),
    Design(12, 3, (1.5, 3.0, 0.7)),
    Design(12, 5, (1.5, 1.0, 0.7)),
    Design(12, 5, (1.5, 3.0, 0.7)),
    Design(12, 2, (1.5, 0.0, 0.7)),
    Design(12, 2, (1.5, 0.5, 0.7)),
    Design(12, 2, (1.5, 1.5, 0.7)),
    Design(12, 2, (1.5, 3.0, 0.7)),
    Design(5, 2, (1.5, 1.5, 0.7)),
    Design(5, 3, (1.5, 0.5, 0.7)),
    Design(5, 5, (1.5, 1.5, 0.7)),
    Design(40, 2, (1.5, 0.5, 0.7)),
    Design(40, 2, (1.5, 1.5, 0.7)),
    Design(40, 3, (1.5, 0.5, 0.7)),
    Design(40, 3, (1.5, 1.5, 0.7)),
    Design(40, 5, (1.5, 0.5, 0.7)),
    Design(12, 3, (1.5, 1.0, 0.7), tails="heavy"),
    Design(12, 3, (1.5, 1.0, 0.7), tails="skewed"),
    Design(12, 3, (1.5, 1.0, 0.7), shares=(1.0, 0.7, 0.4)),
    Design(40, 3, (0.5, 0.3, 0.7), shares=(1.0, 0.1), own=1.5),
    Design(40, 5, (0.5, 0.3, 0.7), shares=(1.0, 0.1), own=1.5),
    Design(40, 5, (0.5, 1.0, 0.7), shares=(1.0, 0.05), own=1.5),
    # As many as XTREME's nine tasks have.
    Design(40, 3, (0.5, 0.3, 0.7), shares=(0.36, 0.15, 0.8, 1.0, 0.25, 0.15, 0.2, 0.1, 0.9), own=1.5),
    Design(12, 3, (1.5, 1.0, 0.7), 200),
    Design(12, 3, (1.5, 1.0, 0.7), 200, translated=True),
    Design(12, 3, (1.5, 1.0, 0.7), 200, translated=True, lacking=1),
    Design(12, 2, (1.5, 1.5, 0.7), 200, translated=True),
    Design(12, 3, (0.0, 0.0, 0.0), 200, translated=True),
    Design(12, 3, (0.0, 0.0, 0.0), 200, translated=True, lacking=1),
    Design(12, 3, (0.0, 0.0, 0.7)),
]
# Questions of several contrasts: languages, seeds and spreads, and how many contrasts.
FAMILIES = [
    (Design(12, seeds, (1.5, spread, 0.7)), contrasts)
    for seeds, spread in ((2, 1.5), (2, 3.0), (3, 1.0), (3, 3.0), (5, 3.0))
    for contrasts in (4, 10)
] + [(Design(12, seeds, (1.5, 1.5, 0.7), 200, translated=True), 10) for seeds in (2, 3)]
# As many as a study's: with few, no p among ten contrasts is small enough.
FLIPS = 10_000
POWER, TRUTH, SEEDS = DESIGNS[2], 2.0, (2, 3, 5, 10)
RECIPES, CORRELATIONS = (4, 9, 20), (0.0, 0.8)


class Judged(NamedTuple):
    """What is made of one simulated study about 0."""

    covers: bool
    significant: bool
    verdict: bool
    length: float


def main() -> None:
    """Simulate every design."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=400)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    sizes = arguments.simulations, arguments.resamples
    with ProcessPoolExecutor(arguments.workers) as pool:
        lines = [pool.submit(line, design, *sizes) for design in DESIGNS]
        lines += [pool.submit(family, *family_of, *sizes) for family_of in FAMILIES]
        lines += [pool.submit(power, seeds, *sizes) for seeds in SEEDS]
        lines += [pool.submit(correlated, recipes, truth, *sizes) for recipes in RECIPES for truth in CORRELATIONS]
        print(
            "| languages, seeds | sd of language, seed, cell | | covers | p < 0.05 | verdict | mean length | median |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for done in lines:
            print(done.result(), flush=True)


def line(design: Design, count: int, resamples: int) -> str:
    """One row of the table."""
    found = studies(design, count, resamples)
    rates = [f"{100 * np.mean([getattr(one, name) for one in found]):.1f}" for name in Judged._fields[:3]]
    lengths = np.array([one.length for one in found]) / (2 * 1.96 * design.error())
    spreads = ", ".join(f"{spread:g}" for spread in design.spreads)
    cells = [f"{design.languages}, {design.seeds}", spreads, described(design), *rates]
    return f"| {' | '.join([*cells, f'{lengths.mean():.2f}', f'{np.median(lengths):.2f}'])} |"


def described(design: Design) -> str:
    """What the numbers of a design do not say."""
    words = [f"{design.examples} examples{', translated' * design.translated}"] if design.examples else []
    words += [f"each language lacks {design.lacking}"] if design.lacking else []
    words += [design.tails] if design.tails != "normal" else []
    if len(design.shares) > 1:
        words.append(f"targets with {', '.join(f'{share:.0%}' for share in design.shares)} of the languages")
    words += [f"sd of a language in a target {design.own:g}"] if design.own else []
    return "; ".join(words)


def studies(design: Design, count: int, resamples: int, truth: float = 0.0) -> list[Judged]:
    """Simulated studies of one design, judged."""
    generator = np.random.default_rng(derive_seed("coverage", str(design), str(truth)))
    found = []
    for number in range(count):
        cells, draws = simulated(generator, design, resamples)
        found.append(judged(cells + truth, draws, resamples, number, truth))
    return found


def simulated(
    generator: np.random.Generator, design: Design, resamples: int
) -> tuple[statistics.Array, statistics.Draws | None]:
    """Cells about 0, and draws of their examples where the design has some."""
    languages, seeds, examples = design.languages, design.seeds, design.examples
    shapes = ((1, languages, 1), (1, 1, seeds), (len(design.shares), languages, seeds))
    parts = [
        spread * scattered(generator, design.tails, shape) for spread, shape in zip(design.spreads, shapes, strict=True)
    ]
    if design.own:
        parts.append(design.own * scattered(generator, design.tails, (len(design.shares), languages, 1)))
    cells: statistics.Array = sum(parts[1:], parts[0]) * design.present()
    if not examples:
        return cells, None
    own = generator.normal(0, OWN, (1 if design.translated else languages, 1, examples))
    points = own + generator.normal(0, INSEED, (languages, seeds, examples))
    shares, ids, means = {}, {}, []
    for code in range(languages):
        there = [number for number in range(examples) if not 0 <= number - code * design.lacking < design.lacking]
        found = points[code].T[there]
        means.append(found.mean(axis=0))
        shares[code] = np.stack([found / 100, np.ones_like(found)], axis=-1)
        ids[code] = tuple(f"{'' if design.translated else code}-{number}" for number in there)
    drawn = resampled(shares, ids, resamples, ("coverage",))
    sampled = np.stack([drawn[code] for code in shares], axis=1)[:, None]
    return cells + np.array(means)[None], sampled + cells.astype(np.float32)


def scattered(generator: np.random.Generator, tails: str, shape: Sequence[int]) -> statistics.Array:
    """Numbers of mean 0 and variance 1."""
    if tails == "heavy":
        return generator.standard_t(3, shape) / 3**0.5
    if tails == "skewed":
        return generator.standard_exponential(shape) - 1
    return generator.normal(size=shape)


def judged(
    cells: statistics.Array, draws: statistics.Draws | None, resamples: int, seed: int, truth: float = 0.0
) -> Judged:
    """Whether the interval covers the truth, p is small, and a verdict is given."""
    effect, known = statistics.effect(cells), statistics.spread(cells, draws)
    low, high = statistics.interval(statistics.bootstrap(cells, resamples, seed, draws), effect, known)
    small = p_value(cells, known, seed) < 0.05
    return Judged(low <= truth <= high, small, small and not low <= 0 <= high, high - low)


def p_value(cells: statistics.Array, known: statistics.Spread, seed: int, tests: int = 1) -> float:
    """The larger of a contrast's two p; where Student's t leaves no doubt, the other is not computed."""
    by_t = known.p_value(statistics.effect(cells), tests)
    return by_t if by_t >= 0.05 else max(by_t, statistics.sign_flip(cells, FLIPS, seed))


def family(design: Design, contrasts: int, count: int, resamples: int) -> str:
    """How often one contrast or more of a question is significant although none differs."""
    generator = np.random.default_rng(derive_seed("coverage", "family", str(design), contrasts))
    wrong = 0
    for number in range(count):
        p_values = []
        for _ in range(contrasts):
            cells, draws = simulated(generator, design, resamples)
            p_values.append(p_value(cells, statistics.spread(cells, draws), number, contrasts))
        wrong += min(statistics.holm(p_values)) < 0.05
    spreads = ", ".join(f"{spread:g}" for spread in design.spreads)
    return (
        f"Holm p < 0.05 of one or more among {contrasts} contrasts, {design.languages} languages, {design.seeds} seeds,"
        f" sd {spreads}{f', {described(design)}' if design.examples else ''}: {100 * wrong / count:.1f} %"
    )


def power(seeds: int, count: int, resamples: int) -> str:
    """How often a true effect is found."""
    found = [one.verdict for one in studies(replace(POWER, seeds=seeds), count, resamples, TRUTH)]
    return f"verdicts with an effect of {TRUTH:g}, {seeds} seeds: {100 * np.mean(found):.1f} %"


def correlated(recipes: int, truth: float, count: int, resamples: int) -> str:
    """How often the interval covers Spearman's rho of a bivariate normal distribution, and how often p < 0.05."""
    generator = np.random.default_rng(derive_seed("coverage", "correlated", str(recipes), str(truth)))
    rho = 6 / np.pi * np.arcsin(truth / 2)
    covers = small = 0
    for number in range(count):
        covariate = generator.normal(size=recipes)
        outcome = truth * covariate + (1 - truth**2) ** 0.5 * generator.normal(size=recipes)
        found = float(correlation("spearman", covariate, outcome))
        drawn = np.repeat(outcome[None], resamples, axis=0)
        low, high = correlation_interval("spearman", covariate, drawn, found, number)
        covers += low <= rho <= high
        small += permuted("spearman", covariate, outcome, resamples, number) < 0.05
    rates = f"covers {100 * covers / count:.1f} %, p < 0.05 {100 * small / count:.1f} %"
    return f"spearman, {recipes} recipes, correlation {truth:g}: {rates}"


if __name__ == "__main__":
    main()
