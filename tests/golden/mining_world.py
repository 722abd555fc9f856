"""Vectors of two made-up monolingual corpora, some of whose sentences are translations of each other."""

import numpy as np

from xstilts.seeds import derive_seed


def world(sources=120, targets=150, known=40, width=16):
    """Source and target vectors, the gold pairs (source, target), and the texts, a few of which occur twice."""
    generator = np.random.default_rng(derive_seed("golden", "mining"))
    left = generator.standard_normal((sources, width)) + 0.8
    right = generator.standard_normal((targets, width)) + 0.8
    right[:known] = left[:known] + 0.5 * generator.standard_normal((known, width))
    right[known : 2 * known] = left[known : 2 * known] + 1.5 * generator.standard_normal((known, width))
    gold = [(number, number) for number in [*range(known), *range(known, 2 * known, 2)]]
    source_texts = [f"source {number}" for number in range(sources)]
    target_texts = [f"target {number}" for number in range(targets)]
    source_texts[5] = source_texts[110]
    target_texts[7] = target_texts[60]
    left[5], right[7] = left[110], right[60]
    return left.astype(np.float32), right.astype(np.float32), gold, source_texts, target_texts
