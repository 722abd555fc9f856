"""Time and memory of exact search and mining at the size of BUCC and Mewsli-X, on random unit vectors.

    python benchmarks/retrieval.py [--quick] [--queries 400000 --candidates 300000] [--width 1024] [--neighbours 4]

Mines pairs (ratio margin, "max" matching: a search in both directions) where there is no ``--top``, else ranks the
first ``--top`` candidates. Prints the size, seconds, peak resident memory, and what the formula of
xstilts.evaluation.search says; the vectors themselves are 4 · width · (queries + candidates) bytes. ``--quick``:
20,000 × 15,000 × 256.
"""

import argparse
import resource
import time

import numpy as np

from xstilts.evaluation.margin import mine, rank
from xstilts.evaluation.search import BLOCK
from xstilts.seeds import derive_seed


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--queries", type=int, default=400_000)
    parser.add_argument("--candidates", type=int, default=300_000)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--neighbours", type=int, default=4)
    parser.add_argument("--top", type=int)
    arguments = parser.parse_args()
    queries, candidates, width = arguments.queries, arguments.candidates, arguments.width
    if arguments.quick:
        queries, candidates, width = 20_000, 15_000, 256
    generator = np.random.default_rng(derive_seed("benchmark", "retrieval"))
    left = generator.standard_normal((queries, width), np.float32)
    right = generator.standard_normal((candidates, width), np.float32)
    # A tenth of the queries have a noisy copy among the candidates.
    pairs = min(queries, candidates) // 10
    right[:pairs] = left[:pairs] + 0.5 * generator.standard_normal((pairs, width), np.float32)
    before = peak_mb()
    began = time.monotonic()
    if arguments.top:
        ids, _ = rank(left, right, scoring="absolute", k=arguments.neighbours, top=arguments.top)
        right_ones = int((ids[:pairs, 0] == np.arange(pairs)).sum())
    else:
        found = mine(left, right, scoring="ratio", k=arguments.neighbours)
        right_ones = sum(pair.source == pair.target < pairs for pair in found)
    seconds = time.monotonic() - began
    vectors = 4 * width * (queries + candidates) / 2**20
    block = 24 * width * min(BLOCK, max(queries, candidates)) / 2**20
    print(f"{queries} x {candidates} x {width}: {seconds:.1f} s, {right_ones} of {pairs} planted pairs found first")
    formula = f"vectors {vectors:.0f} + blocks {block:.0f} MB"
    print(f"peak {peak_mb():.0f} MB ({before:.0f} before the search); formula: {formula}")


def peak_mb() -> float:
    """Peak resident memory of this process (MB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
