"""Scoring the checkpoints of an arm on one target, in every language, under every condition with a test set.

One after the other, each loaded once. Each leaves its files per condition as soon as that is done; those that are still
right, after an interruption or after a seed or a condition was added or changed, are kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts import tasks
from xstilts.data.read import load_rows
from xstilts.evaluation.results import kept, vouch, write_results
from xstilts.seeds import seed_number
from xstilts.training.progress import Progress

Recipe = Mapping[str, Any]
Rows = list[dict[str, Any]]
Score = Callable[[Recipe, Path, Mapping[str, Rows], Progress], tuple[Rows, Rows]]


def evaluate(
    recipe: Recipe, arm: Mapping[str, Any], runs: Mapping[str, Path], data: Sequence[Path], folder: Path
) -> None:
    """Write predictions and metrics (``{seed}/{condition}.parquet``, ``.json``), then the manifest of all of them.

    Args:
        recipe: a resolved evaluation recipe (:mod:`xstilts.study.recipes`).
        arm: the words that name the runs in the score table, but for the seed.
        runs: what to score, by seed (``seed3``, or ``pretrained``); a retrieval task reads a checkpoint's encoder.
        data: prepared test rows under each of the recipe's conditions.
        folder: where the files go. Others in it stay.
    """
    files: list[Path] = []
    scored = 0
    for seed, checkpoint in runs.items():
        words = {**arm, "seed": seed_number(seed)}
        now, all_files = _evaluate_run(recipe, words, checkpoint, data, folder / seed)
        files += all_files
        scored += now
    vouch(folder, recipe, arm, files, scored=scored)


def _evaluate_run(
    recipe: Recipe, run: Mapping[str, Any], checkpoint: Path, data: Sequence[Path], folder: Path
) -> tuple[int, list[Path]]:
    """How many conditions were scored now, and the files of all."""
    task = tasks.get(recipe["task"])
    label = "/".join((run["intermediate"], run["target"], folder.name))
    score: Score | None = None
    scored, files = 0, []
    for own, rows in zip(_by_condition(recipe), data, strict=True):
        name = own["condition"]
        progress = Progress(f"{label}/{name}", len(own["languages"]))
        predictions, scores = folder / f"{name}.parquet", folder / f"{name}.json"
        if kept(own, run, checkpoint, rows, predictions, scores):
            progress.say("kept: made by the same recipe of the same checkpoint and data")
        else:
            score = score or _scorer(task, own, checkpoint)
            languages = {language: load_rows(rows, "test", language) for language in own["languages"]}
            found, results = score(own, rows, languages, progress)
            write_results(own, run, checkpoint, rows, found, results, predictions, scores)
            scored += 1
        files += [predictions, scores]
    return scored, files


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
