"""Scoring one checkpoint on one target, in every language and under every condition that test sets are made for.

The model is loaded once for all conditions. Each leaves its files as soon as it is done; those that are still right,
after an interruption or after another condition was added or changed, are kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts import tasks
from xstilts.artifacts import MANIFEST, digest, sha256_file, write_json
from xstilts.data.read import load_rows
from xstilts.evaluation.results import kept, write_results
from xstilts.training.progress import Progress

Recipe = Mapping[str, Any]
Rows = list[dict[str, Any]]
Score = Callable[[Recipe, Path, Mapping[str, Rows], Progress], tuple[Rows, Rows]]


def evaluate(recipe: Recipe, run: Mapping[str, Any], checkpoint: Path, data: Sequence[Path], folder: Path) -> None:
    """Write predictions and metrics per condition (``{condition}.parquet``, ``{condition}.json``), then the manifest.

    Args:
        recipe: a resolved evaluation recipe (:mod:`xstilts.study.recipes`).
        run: the words that name the run in the score table.
        checkpoint: what to score; a retrieval task reads its encoder.
        data: prepared test rows under each of the recipe's conditions.
        folder: where the files go. Others in it stay.
    """
    task = tasks.get(recipe["task"])
    label = "/".join(str(run[word]) for word in ("intermediate", "target", "seed"))
    score: Score | None = None
    written = {}
    for own, rows in zip(_by_condition(recipe), data, strict=True):
        name = own["condition"]
        progress = Progress(f"{label}/{name}", len(own["languages"]))
        predictions, scores = folder / f"{name}.parquet", folder / f"{name}.json"
        if kept(own, run, checkpoint, rows, predictions, scores):
            progress.say("kept: made by the same recipe of the same checkpoint and data")
        else:
            score = score or _scorer(task, own, checkpoint)
            languages = {language: load_rows(rows, "test", language) for language in own["languages"]}
            found, scored = score(own, rows, languages, progress)
            write_results(own, run, checkpoint, rows, found, scored, predictions, scores)
        written[name] = sha256_file(scores)
    write_json(
        folder / MANIFEST, {**run, "recipe_digest": digest(recipe), "recipe": dict(recipe), "conditions": written}
    )


def _by_condition(recipe: Recipe) -> Iterator[Recipe]:
    """The recipe of every condition."""
    shared = {key: value for key, value in recipe.items() if key != "conditions"}
    for condition in recipe["conditions"]:
        yield shared | condition


def _scorer(task: tasks.Task, recipe: Recipe, checkpoint: Path) -> Score:
    """What scores rows of a task; it holds the model."""
    if task.type == "retrieval":
        from xstilts.evaluation.retrieval import retrieve_pairs
        from xstilts.evaluation.sentences import SentenceEncoder

        encoder = SentenceEncoder(checkpoint, recipe)
        return lambda own, _, languages, progress: retrieve_pairs(own, encoder, languages, progress)
    if task.type == "pool_retrieval":
        from xstilts.evaluation.retrieval import retrieve_from_pools
        from xstilts.evaluation.sentences import SentenceEncoder

        encoder = SentenceEncoder(checkpoint, recipe)
        return lambda own, data, languages, progress: retrieve_from_pools(
            own, encoder, languages, lambda language: load_rows(data, "pool", language), progress
        )
    from xstilts.evaluation.predict import FineTuned

    model = FineTuned(task, checkpoint, recipe["batch_tokens"])
    return lambda _own, _data, languages, progress: model.score(languages, progress)
