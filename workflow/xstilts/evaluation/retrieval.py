"""Retrieval with an encoder's sentence vectors, without any fine-tuning on the target.

Paired sentences, as XTREME and jiant do for Tatoeba: English sentences query the other side's sentences, and the best
counts. Pools: the queries of a language search all candidates, which gives rankings (LAReQA, Mewsli-X) or, matched
one to one, mined pairs (BUCC). One pass over the data gives every layer and pooling.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from xstilts import metrics, tasks
from xstilts.evaluation.margin import NEIGHBOURS, best_threshold, mine, rank, unique
from xstilts.evaluation.sentences import SentenceEncoder
from xstilts.metrics.ranking import TOP
from xstilts.tasks.base import MULTILINGUAL
from xstilts.training.progress import Progress

Rows = list[dict[str, Any]]


def retrieve_pairs(
    recipe: Mapping[str, Any], encoder: SentenceEncoder, languages: Mapping[str, Rows], progress: Progress
) -> tuple[Rows, Rows]:
    """The nearest sentence of every English sentence, in every language.

    Returns:
        Predictions of the layer and pooling that count, and metric rows: ``accuracy`` of these, and of every view
        (:func:`view_metric`).
    """
    options = search_options(recipe, "absolute")
    cache: dict[str, np.ndarray] = {}
    predictions: Rows = []
    scored: Rows = []
    for done, (language, rows) in enumerate(languages.items(), 1):
        english = [row["english"] for row in rows]
        fresh = sorted(set(english) - cache.keys())
        cache |= zip(fresh, encoder.encode(fresh).swapaxes(0, 1), strict=True)
        candidates = encoder.encode([row["text"] for row in rows])
        values: dict[str, float] = {}
        for view, (layer, pooling) in enumerate(encoder.views):
            queries = np.stack([cache[text][view] for text in english])
            ids, scores = rank(queries, candidates[view], **options)
            found = ids[:, 0]
            value = 100 * float(np.mean(found == np.arange(len(rows))))
            if view == 0:
                values["accuracy"] = value
                predictions += [
                    {
                        "id": row["id"],
                        "language": language,
                        "layer": layer,
                        "gold": row["id"],
                        "pred": rows[int(best)]["id"],
                        "similarity": float(score),
                    }
                    for row, best, score in zip(rows, found, scores[:, 0], strict=True)
                ]
            values[view_metric("accuracy", layer, pooling, recipe)] = value
        scored += [
            {"language": language, "metric": name, "value": value, "n": len(rows)} for name, value in values.items()
        ]
        progress.step(done, len(rows), 0, language)
    return predictions, scored


def retrieve_from_pools(
    recipe: Mapping[str, Any],
    encoder: SentenceEncoder,
    languages: Mapping[str, Rows],
    pool_of: Callable[[str], Rows],
    progress: Progress,
) -> tuple[Rows, Rows]:
    """Rankings of the pool for the queries of every language, or pairs mined from both, as the task's metrics ask.

    Args:
        recipe: a resolved evaluation recipe.
        encoder: what gives the vectors.
        languages: queries by language.
        pool_of: reads the candidates of a language, or those of :data:`MULTILINGUAL` that all languages search.
        progress: receives every language.
    """
    task = tasks.get(recipe["task"])
    match = _mined if task.mined else _ranked
    shared = MULTILINGUAL in task.languages["pool"]
    pool: Rows = []
    predictions: Rows = []
    scored: Rows = []
    for done, (language, rows) in enumerate(languages.items(), 1):
        if not (shared and pool):
            pool = pool_of(MULTILINGUAL if shared else language)
            candidates = _encode(encoder, pool)
        queries = _encode(encoder, rows)
        values: dict[str, float] = {}
        for view, (layer, pooling) in enumerate(encoder.views):
            found = match(rows, pool, queries[view], candidates[view], recipe)
            if view == 0:
                predictions += [{"language": language, "layer": layer} | row for row in found]
                values = {name: metrics.score(task.type, name, found) for name in task.metrics}
            if len(encoder.views) > 1:
                name = view_metric(task.metrics[0], layer, pooling, recipe)
                values[name] = metrics.score(task.type, task.metrics[0], found)
        scored += [
            {"language": language, "metric": name, "value": value, "n": len(rows)} for name, value in values.items()
        ]
        progress.step(done, len(rows), 0, language)
    return predictions, scored


def view_metric(metric: str, layer: int, pooling: str, recipe: Mapping[str, Any]) -> str:
    """``accuracy_layer_3``, or ``accuracy_cls_layer_3`` for a pooling that is not the recipe's first."""
    return f"{metric}_layer_{layer}" if pooling == recipe["pooling"][0] else f"{metric}_{pooling}_layer_{layer}"


def search_options(recipe: Mapping[str, Any], default: str) -> dict[str, Any]:
    """Scoring and neighbourhood of a recipe; None is what the benchmark (``default``) or the method's authors use."""
    scoring = recipe["scoring"] or default
    return {"scoring": scoring, "k": recipe["k"] or NEIGHBOURS[scoring]}


def _encode(encoder: SentenceEncoder, rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    return encoder.encode([row["text"] for row in rows], [row["context"] for row in rows])


def _ranked(rows: Rows, pool: Rows, queries: np.ndarray, candidates: np.ndarray, recipe: Mapping[str, Any]) -> Rows:
    ids, scores = rank(queries, candidates, top=TOP, **search_options(recipe, "absolute"))
    return [
        {
            "id": row["id"],
            "gold": row["gold"],
            "pred": [pool[int(place)]["id"] for place in found],
            "scores": list(kept),
        }
        for row, found, kept in zip(rows, ids, scores.tolist(), strict=True)
    ]


def _mined(rows: Rows, pool: Rows, queries: np.ndarray, candidates: np.ndarray, recipe: Mapping[str, Any]) -> Rows:
    """Pairs of distinct texts, as XTREME's script mines them.

    A text that occurs twice is searched once and its pair then left out, because it does not say which id is meant.
    ``mined`` is the partner where the pair's score reaches the threshold; ``partner`` and ``score`` are kept of all.
    """
    (sources, times), (targets, target_times) = (unique(row["text"] for row in side) for side in (rows, pool))
    found = mine(queries[sources], candidates[targets], **search_options(recipe, "ratio"))
    pairs = [(rows[sources[pair.source]], pool[targets[pair.target]], pair.score) for pair in found]
    pairs = [pair for pair in pairs if times[pair[0]["text"]] == target_times[pair[1]["text"]] == 1]
    threshold = recipe["threshold"]
    if threshold is None:
        right = [target["id"] in source["gold"] for source, target, _ in pairs]
        threshold = best_threshold([score for *_, score in pairs], right, sum(len(row["gold"]) for row in rows))
    partners = {source["id"]: (target["id"], score) for source, target, score in pairs}
    predictions = []
    for row in rows:
        partner, score = partners.get(row["id"], (None, None))
        mined = partner if score is not None and score >= threshold else None
        predictions.append(
            {"id": row["id"], "gold": row["gold"], "mined": mined, "partner": partner, "score": score}
            | {"threshold": threshold, "oracle_threshold": recipe["threshold"] is None}
        )
    return predictions
