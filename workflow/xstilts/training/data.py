"""From prepared directories to the streams that a run trains on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts import metrics, tasks
from xstilts.data.read import labels, languages, load_rows
from xstilts.errors import DataError
from xstilts.models.heads import HEADS, Head
from xstilts.models.segment import Segmenter
from xstilts.seeds import derive_seed, held_out
from xstilts.tasks import Row, Task
from xstilts.training.blank import blanked
from xstilts.training.streams import Stream

# Unlabelled text has no dev split of its own: this share of it is scored, at most so many sentences.
_TEXT_DEV_SHARE, _TEXT_DEV_ROWS = 0.05, 500


def load_streams(recipe: Mapping[str, Any], data: Sequence[Path], tokenizer: Any, label: str) -> list[Stream]:
    """A stream per head, its tasks pooled; or, where the recipe says how to sample, a stream per task.

    Args:
        recipe: a resolved training recipe.
        data: prepared directories of its tasks, in their order.
        tokenizer: the encoder's.
        label: the run, for messages.

    Raises:
        DataError: a stream has no usable rows.
    """
    found = [tasks.get(name) for name in recipe["tasks"]]
    heads: dict[str, Head] = {}
    pools: dict[tuple[str, str], list[tuple[Task, Path]]] = {}
    for task, path in zip(found, data, strict=True):
        known = labels(path) if task.open_labels else task.labels
        key = head_key(task.type, known)
        if key not in heads:
            heads[key] = HEADS[task.type](known, tokenizer, recipe)
        pools.setdefault((key, task.name if recipe["sampling"] else ""), []).append((task, path))
    return [_stream(key, pool, heads[key], recipe, label) for (key, _), pool in pools.items()]


def head_key(task_type: str, labels: Sequence[str]) -> str:
    """Tasks of one type with the same labels share a head."""
    return task_type if not labels else f"{task_type}_{derive_seed(*labels):x}"


def dev_score(stream: Stream, predictions: Sequence[Mapping[str, Any]]) -> float:
    """English dev score of a stream, in percent."""
    return metrics.score(stream.type, stream.metric, predictions)


def load_texts(recipe: Mapping[str, Any], directory: Path | None, tokenizer: Any) -> dict[str, list[list[int]]]:
    """Token ids of the unlabelled sentences that a method wants, by language; nothing where it wants none.

    Raises:
        DataError: a language has no sentences.
    """
    if directory is None:
        return {}
    texts, segmenter = {}, Segmenter(tokenizer)
    for language in recipe["text"]["languages"]:
        rows = subset(load_rows(directory, "train", language), recipe["text"]["examples"], recipe["seed"])
        if not rows:
            raise DataError(f"{directory}: no {language} sentences; check the prepared data")
        encoded = segmenter([row["text"] for row in rows], max_length=recipe["max_length"])
        texts[language] = encoded["input_ids"]
    return texts


def subset(rows: list[Row], examples: int | None, seed: int) -> list[Row]:
    """``examples`` of the rows, drawn by id and seed and kept in order, or all of them."""
    if examples is None or examples >= len(rows):
        return rows
    ranked = sorted(range(len(rows)), key=lambda index: derive_seed("subset", seed, rows[index]["id"]))
    return [rows[index] for index in sorted(ranked[:examples])]


def _stream(key: str, pool: Sequence[tuple[Task, Path]], head: Head, recipe: Mapping[str, Any], label: str) -> Stream:
    task = pool[0][0]
    if task.type == "mlm":
        train, dev = _text_rows(pool, recipe)
    else:
        train, dev = (_rows(pool, split, recipe) for split in ("train", "dev"))
    rows = subset(train, recipe["examples"], recipe["seed"])
    # The same for every seed and arm, so that none is selected on easier ones.
    dev = subset(dev, recipe.get("dev_examples"), 0)
    if recipe.get("blank"):
        rows, dev = ([blanked(task.type, row) for row in part] for part in (rows, dev))
    items = head.encode(rows, train=True) if rows else []
    dev_items = head.encode(dev, train=False) if dev else []
    if not items:
        raise DataError(f"{pool[0][1]}: no usable train rows for {label}; check the prepared data")
    name = "+".join(member.name for member, _ in pool)
    seed = (recipe["seed"], recipe["phase"])
    return Stream(name, key, task.type, task.metrics[0], head, rows, items, dev, dev_items, seed)


def _rows(pool: Sequence[tuple[Task, Path]], split: str, recipe: Mapping[str, Any]) -> list[Row]:
    """Rows of several tasks one after another; ids carry the task so that they stay unique.

    A task is English, or in the recipe's other languages where it has no English rows (machine-translated data); only
    English dev rows select.
    """
    rows = []
    for task, path in pool:
        prepared = languages(path, split)
        foreign = [language for language in prepared if language in recipe["text_languages"]]
        for language in ["en"] if "en" in prepared or split == "dev" else foreign:
            name = task.name if language == "en" else f"{task.name}/{language}"
            if language in prepared:
                rows += [row | {"id": f"{name}/{row['id']}"} for row in load_rows(path, split, language)]
    return rows


def _text_rows(pool: Sequence[tuple[Task, Path]], recipe: Mapping[str, Any]) -> tuple[list[Row], list[Row]]:
    """Sentences to train on and to score, of the recipe's languages or of all that were prepared."""
    train: list[Row] = []
    dev: list[Row] = []
    for task, path in pool:
        for language in recipe["text_languages"]:
            for row in load_rows(path, "train", language):
                named = row | {"id": f"{task.name}/{language}/{row['id']}"}
                (dev if held_out(named["id"], _TEXT_DEV_SHARE, "text") else train).append(named)
    return train, subset(dev, _TEXT_DEV_ROWS, 0)
