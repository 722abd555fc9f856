"""How often a 95 % interval covers the truth, and how often a verdict is wrongly given, on simulated studies.

    python benchmarks/coverage.py [--simulations 2000] [--resamples 1000]

Differences between two recipes that do not differ are drawn as language + seed + cell effects (normal, in points), and
in some designs test examples beneath them, either other ones in every language or the same, translated. They go through
the same functions as a study's. Prints one line per design, and at the end how often a question of several contrasts
has at least one verdict although nothing differs. 2,000 simulations know a rate of 5 % to within one point.
"""

import argparse
import time

import numpy as np

from xstilts.questions import statistics
from xstilts.questions.examples import resampled
from xstilts.seeds import derive_seed

DESIGNS = [
    # languages, seeds, the standard deviations of language, seed and cell effects, examples, translated
    (12, 3, (1.5, 0.0, 0.7), 0, False),
    (12, 3, (1.5, 1.0, 0.7), 0, False),
    (12, 5, (1.5, 1.0, 0.7), 0, False),
    (12, 2, (1.5, 0.5, 0.7), 0, False),
    (12, 2, (1.5, 1.5, 0.7), 0, False),
    (40, 3, (1.5, 0.5, 0.7), 0, False),
    (12, 3, (1.5, 1.0, 0.7), 200, False),
    (12, 3, (1.5, 1.0, 0.7), 200, True),
    (12, 3, (0.0, 0.0, 0.0), 200, True),
]
CONTRASTS = 4
Design = tuple[int, int, tuple[float, float, float], int, bool]


def main() -> None:
    """Simulate every design."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=1000)
    arguments = parser.parse_args()
    count, resamples = arguments.simulations, arguments.resamples
    print("languages seeds sd(language seed cell) examples  interval covers   p < 0.05   verdict   seconds")
    for design in DESIGNS:
        languages, seeds, spreads, examples, translated = design
        generator = np.random.default_rng(derive_seed("coverage", *map(str, design)))
        began = time.process_time()
        found = [judged(*simulated(generator, design, resamples), resamples, number) for number in range(count)]
        rates = [f"{100 * np.mean(values):.1f} %" for values in zip(*found, strict=True)]
        named = f"{examples or '-'}{' translated' * translated}"
        print(
            f"{languages:9d} {seeds:5d} {spreads!s:>22} {named:>14} {rates[0]:>10} {rates[1]:>10} {rates[2]:>9}"
            f" {time.process_time() - began:9.0f}",
            flush=True,
        )
    print(
        f"at least one verdict among {CONTRASTS} contrasts of one question, Holm-corrected: {family(count, resamples)}"
    )


def simulated(
    generator: np.random.Generator, design: Design, resamples: int
) -> tuple[statistics.Array, statistics.Draws | None]:
    """Cells about 0, and draws of their examples where the design has some."""
    languages, seeds, spreads, examples, translated = design
    shapes = ((1, languages, 1), (1, 1, seeds), (1, languages, seeds))
    cells = sum(generator.normal(0, spread, shape) for spread, shape in zip(spreads, shapes, strict=True))
    if not examples:
        return cells, None
    # An example's difference between the recipes: its own, and its own in a seed; 20 and 10 points.
    own = generator.normal(0, 20, (1 if translated else languages, 1, examples))
    points = own + generator.normal(0, 10, (languages, seeds, examples))
    shares = {
        str(code): np.stack([points[code].T / 100, np.ones((examples, seeds))], axis=-1) for code in range(languages)
    }
    ids = {code: tuple(f"{'' if translated else code}-{number}" for number in range(examples)) for code in shares}
    drawn = np.stack(list(resampled(shares, ids, resamples, ("coverage",)).values()), axis=1)[:, None]
    return cells + points.mean(axis=-1)[None], drawn + cells.astype(np.float32)


def judged(
    cells: statistics.Array, draws: statistics.Draws | None, resamples: int, seed: int
) -> tuple[bool, bool, bool]:
    """Whether the interval covers 0, p is small, and a verdict is given."""
    effect, known = statistics.effect(cells), statistics.spread(cells, draws)
    low, high = statistics.interval(statistics.bootstrap(cells, resamples, seed, draws), effect, known)
    small = p_value(cells, draws, resamples, seed) < 0.05
    return low <= 0 <= high, small, small and not low <= 0 <= high


def p_value(cells: statistics.Array, draws: statistics.Draws | None, resamples: int, seed: int) -> float:
    """That of a contrast's answer."""
    known = statistics.spread(cells, draws)
    return max(statistics.sign_flip(cells, resamples, seed), known.p_value(statistics.effect(cells)))


def family(count: int, resamples: int) -> str:
    """How often one contrast or more of a question is significant although none differs."""
    generator = np.random.default_rng(derive_seed("coverage", "family"))
    wrong = 0
    for number in range(count):
        studies = [simulated(generator, DESIGNS[1], resamples)[0] for _ in range(CONTRASTS)]
        p_values = [
            max(
                statistics.sign_flip(cells, resamples, number),
                statistics.spread(cells).p_value(statistics.effect(cells)),
            )
            for cells in studies
        ]
        wrong += min(statistics.holm(p_values)) < 0.05
    return f"{100 * wrong / count:.1f} %"


if __name__ == "__main__":
    main()
