"""Scores that correct the cosine for hubs, and mining of sentence pairs with them.

Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings": the cosine
against the mean of both sides' mean cosines with their k nearest neighbours. Conneau et al. 2018, "Word Translation
Without Parallel Data": CSLS, which is twice the distance margin.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xstilts.evaluation.search import nearest

Array = NDArray[np.float64]
Ids = NDArray[np.int64]

# cosine, mean of the two neighbourhoods' cosines → score
SCORINGS: dict[str, Callable[[Array, Array], Array]] = {
    "absolute": lambda cosine, hub: cosine,
    "distance": lambda cosine, hub: cosine - hub,
    "ratio": lambda cosine, hub: cosine / hub,
    "csls": lambda cosine, hub: 2 * (cosine - hub),
}

# Neighbours that make a neighbourhood: Artetxe and Schwenk's for margins, Conneau et al.'s for CSLS.
NEIGHBOURS = {"absolute": 4, "distance": 4, "ratio": 4, "csls": 10}

# Nearest candidates by cosine among which CSLS, which is defined over all, looks for its best.
_CSLS_DEPTH = 100


class Pair(NamedTuple):
    """A mined pair: indices of its sentences, and its score."""

    source: int
    target: int
    score: float


def rank(queries: Any, candidates: Any, *, scoring: str, k: int, top: int = 1) -> tuple[Ids, Array]:
    """The best ``top`` candidates of every query.

    A margin ranks the k (or ``top``, if more) nearest candidates anew, as the authors' code does.

    Args:
        queries: ``(n, d)``.
        candidates: ``(m, d)``.
        scoring: a key of :data:`SCORINGS`.
        k: neighbours that make a neighbourhood.
        top: how many; fewer if there are fewer candidates.

    Returns:
        Candidate indices and scores, both ``(n, top)``, best first.
    """
    if scoring == "absolute":
        return nearest(queries, candidates, k=min(top, len(candidates)))
    depth = min(max(k, top, _CSLS_DEPTH if scoring == "csls" else 0), len(candidates))
    ids, cosines = nearest(queries, candidates, k=depth)
    forward = cosines[:, :k].mean(1)
    backward = nearest(candidates, queries, k=min(k, len(queries)))[1].mean(1)
    return _rescored(ids, cosines, forward, backward, scoring, min(top, depth))


def mine(sources: Any, targets: Any, *, scoring: str, k: int) -> list[Pair]:
    """Pairs of one source and one target sentence each, best first ("max" matching).

    Every sentence of either side proposes its best partner; proposals are taken by falling score, unless one of the two
    sentences is taken already. As in XTREME's script, pairs whose score is not positive are left out.
    """
    source_ids, source_cosines = nearest(sources, targets, k=min(k, len(targets)))
    target_ids, target_cosines = nearest(targets, sources, k=min(k, len(sources)))
    means = source_cosines.mean(1), target_cosines.mean(1)
    forward, forward_scores = _rescored(source_ids, source_cosines, *means, scoring, 1)
    backward, backward_scores = _rescored(target_ids, target_cosines, *means[::-1], scoring, 1)
    proposals = np.concatenate(
        [
            np.stack([np.arange(len(forward)), forward[:, 0]], 1),
            np.stack([backward[:, 0], np.arange(len(backward))], 1),
        ]
    )
    scores = np.concatenate([forward_scores[:, 0], backward_scores[:, 0]])
    pairs, seen_sources, seen_targets = [], set[int](), set[int]()
    for place in np.argsort(-scores, kind="stable"):
        source, target = map(int, proposals[place])
        if source not in seen_sources and target not in seen_targets and scores[place] > 0:
            seen_sources.add(source)
            seen_targets.add(target)
            pairs.append(Pair(source, target, float(scores[place])))
    return pairs


def best_threshold(scores: Sequence[float], right: Sequence[bool], gold: int) -> float:
    """The score from which on pairs count, for the highest F1 on ``gold`` known pairs: an oracle.

    Args:
        scores: of the mined pairs, falling.
        right: whether each pair is gold.
        gold: number of gold pairs.

    Returns:
        Halfway between the last pair that counts and the next, as XTREME's script; 0 if no pair is right.
    """
    hits = np.cumsum(np.asarray(right, dtype=float))
    if not hits.size or not hits[-1]:
        return 0.0
    last = int(np.argmax(2 * hits / (np.arange(1, len(hits) + 1) + gold)))
    following = scores[min(last + 1, len(scores) - 1)]
    return (scores[last] + following) / 2


def unique(texts: Iterable[str]) -> tuple[list[int], Mapping[str, int]]:
    """The first index of every distinct text, and how often each text occurs."""
    first: dict[str, int] = {}
    times: dict[str, int] = {}
    for index, text in enumerate(texts):
        first.setdefault(text, index)
        times[text] = times.get(text, 0) + 1
    return list(first.values()), times


def _rescored(ids: Ids, cosines: Array, own: Array, others: Array, scoring: str, top: int) -> tuple[Ids, Array]:
    scores = SCORINGS[scoring](cosines, (own[:, None] + others[ids]) / 2)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
