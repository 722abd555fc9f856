"""Alignment of an arm's checkpoints: every measure, layer, language and condition, in one pass over the data each.

The measures of a seed that are still right, after an interruption or after a seed was added, are kept.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xstilts import tasks
from xstilts.analysis.measures import Measure, registry
from xstilts.analysis.pairs import Pairs
from xstilts.analysis.sentences import Sentences, read_pairs
from xstilts.artifacts import MANIFEST, sha256_file, write_json
from xstilts.evaluation.results import says, vouch
from xstilts.evaluation.sentences import SentenceEncoder
from xstilts.seeds import seed_number
from xstilts.training.progress import Progress


def align(
    recipe: Mapping[str, Any],
    arm: Mapping[str, Any],
    runs: Mapping[str, Path],
    pretrained: Path,
    data: Sequence[Path],
    folder: Path,
) -> None:
    """Measure, and write the numbers as JSON (``{seed}.json``), then the manifest of all of them.

    A number that the vectors leave undefined is not written, and said on standard error.

    Args:
        recipe: a resolved alignment recipe (:mod:`xstilts.study.recipes`).
        arm: the words that name the checkpoints in the alignment table, but for the seed.
        runs: what to measure, by seed (``seed3``, or ``pretrained``); a head, if any, is left out.
        pretrained: the encoder that they started from. It reads the same sentences, where a measure compares with it.
        data: prepared test rows under each condition of the recipe, in its order; the first is clean.
        folder: where the files go. Others in it stay.

    Raises:
        DataError: the prepared rows do not fit each other, or are too few.
    """
    made_of = {condition["name"]: sha256_file(part / MANIFEST) for condition, part in _presented(recipe, data)}
    scored, files = 0, []
    for seed, checkpoint in runs.items():
        path = folder / f"{seed}.json"
        inputs = {
            "checkpoint": sha256_file(checkpoint / MANIFEST),
            "pretrained": sha256_file(pretrained / MANIFEST),
            "data": made_of,
        }
        origin = {**arm, "seed": seed_number(seed), "inputs": inputs, "recipe": dict(recipe)}
        label = "/".join(word for word in (arm["intermediate"], arm["target"], seed) if word)
        progress = Progress(label, len(list(_parts(recipe, data))))
        if says(path, origin):
            progress.say("kept: measured by the same recipe on the same checkpoint and data")
        else:
            write_json(path, origin | {"measures": _align_run(recipe, checkpoint, pretrained, data, progress)})
            scored += 1
        files.append(path)
    vouch(folder, recipe, arm, files, scored=scored)


def _align_run(
    recipe: Mapping[str, Any], checkpoint: Path, pretrained: Path, data: Sequence[Path], progress: Progress
) -> list[dict[str, Any]]:
    """The measures of one checkpoint."""
    task = tasks.get(recipe["task"])
    measures = [registry()[name] for name in recipe["measures"]]
    encoder = _Reader(checkpoint, recipe)
    compared = any(measure.reference for measure in measures)
    before = encoder if checkpoint == pretrained or not compared else _Reader(pretrained, recipe)
    rows: list[dict[str, Any]] = []
    for done, (language, condition, folder) in enumerate(_parts(recipe, data), 1):
        sentences = read_pairs(task, data[0], folder, language, recipe["examples"])
        found = _measured(sentences, encoder, before if compared else None, measures)
        n = len(sentences.other)
        about = {"language": language, "condition": condition["name"], "strength": condition["strength"], "n": n}
        for layer, name, value in found:
            if math.isfinite(value):
                rows.append(about | {"layer": layer, "measure": name, "value": value})
            else:
                progress.say(f"{language}: {name} of layer {layer} is undefined: its vectors do not vary")
        progress.step(done, n, 0, f"{language} {condition['name']}")
    return rows


def _presented(recipe: Mapping[str, Any], data: Sequence[Path]) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Every condition and its prepared rows."""
    return zip(recipe["conditions"], data, strict=True)


def _parts(recipe: Mapping[str, Any], data: Sequence[Path]) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    """Language, condition and its rows; language by language, because its conditions have the same English side."""
    for language in _languages(recipe):
        for condition, folder in _presented(recipe, data):
            if language in condition["languages"]:
                yield language, condition, folder


def _languages(recipe: Mapping[str, Any]) -> list[str]:
    """Those of any condition."""
    return list(dict.fromkeys(language for condition in recipe["conditions"] for language in condition["languages"]))


class _Reader:
    """Vectors of every layer of a checkpoint; those of the English side are kept while it stays the same."""

    def __init__(self, checkpoint: Path, recipe: Mapping[str, Any]) -> None:
        search = {"layer": None, "sweep": True, "pooling": [recipe["pooling"]]}
        self._encoder = SentenceEncoder(checkpoint, {**recipe, **search})
        self.layers = [layer for layer, _ in self._encoder.views]
        self._english: list[str] = []
        self._vectors = np.empty(0)

    def other(self, texts: list[str]) -> np.ndarray:
        """``(layers, texts, hidden)``."""
        return self._encoder.encode(texts)

    def english(self, texts: list[str]) -> np.ndarray:
        """Likewise; parallel data have the same English sentences for every language."""
        if texts != self._english:
            self._english, self._vectors = texts, self._encoder.encode(texts)
        return self._vectors


def _measured(
    sentences: Sentences, encoder: _Reader, before: _Reader | None, measures: list[Measure]
) -> list[tuple[int, str, float]]:
    """Layer, measure and value."""
    english, other = encoder.english(sentences.english), encoder.other(sentences.other)
    reference = None if before is None else other if before is encoder else before.other(sentences.other)
    found = []
    for view, layer in enumerate(encoder.layers):
        pairs = Pairs(english[view], other[view], None if reference is None else reference[view])
        found += [(layer, measure.name, measure.of(pairs)) for measure in measures]
    return found
