"""How often a 95 % interval covers no effect, and how often a verdict is wrongly given, on simulated studies.

    python benchmarks/coverage.py [--simulations 600]

Differences between two recipes that do not differ are drawn as language + seed + cell effects (normal, in points) and
go through the same functions as a study's. Prints one line per design.
"""

import argparse

import numpy as np

from xstilts.questions import statistics
from xstilts.seeds import derive_seed

DESIGNS = [
    # languages, seeds, and the standard deviations of language, seed and cell effects
    (12, 3, 1.5, 0.0, 0.7),
    (12, 3, 1.5, 1.0, 0.7),
    (12, 5, 1.5, 1.0, 0.7),
    (12, 2, 1.5, 0.5, 0.7),
]


def main() -> None:
    """Simulate every design."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=600)
    count = parser.parse_args().simulations
    print("languages seeds sd(language seed cell)  interval covers 0   p < 0.05   verdict")
    for languages, seeds, *spreads in DESIGNS:
        generator = np.random.default_rng(derive_seed("coverage", languages, seeds, *spreads))
        covered = significant = verdicts = 0
        for number in range(count):
            shapes = ((1, languages, 1), (1, 1, seeds), (1, languages, seeds))
            cells = sum(generator.normal(0, spread, shape) for spread, shape in zip(spreads, shapes, strict=True))
            low, high = statistics.interval(statistics.bootstrap(cells, 1000, number))
            small = statistics.sign_flip(cells, 1000, number) < 0.05
            outside = not low <= 0 <= high
            covered += not outside
            significant += small
            verdicts += outside and small
        rates = [f"{100 * value / count:.1f} %" for value in (covered, significant, verdicts)]
        print(f"{languages:9d} {seeds:5d} {tuple(spreads)!s:>22}  {rates[0]:>17} {rates[1]:>10} {rates[2]:>9}")


if __name__ == "__main__":
    main()
