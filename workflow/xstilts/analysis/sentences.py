"""The sentence pairs that alignment is measured on."""

from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from xstilts.data.read import load_rows
from xstilts.errors import DataError
from xstilts.seeds import derive_seed
from xstilts.tasks import Row, Task


class Sentences(NamedTuple):
    """A language's sentences as a condition presents them, and their clean English counterparts, row by row."""

    english: list[str]
    other: list[str]


def read_pairs(task: Task, clean: Path, data: Path, language: str, examples: int | None) -> Sentences:
    """Pairs of which no two share a sentence of either side, chosen by their clean rows.

    The choice depends on task, ids and clean texts alone: every checkpoint and condition has the same pairs.

    Args:
        task: a retrieval task, or one whose rows are parallel (their ``text_a`` is then the sentence).
        clean: its prepared clean test rows.
        data: its prepared test rows under the condition.
        language: not English.
        examples: how many pairs at most; null for all.

    Raises:
        DataError: there are fewer than two pairs, or the condition's rows lack one.
    """
    column = "text" if task.type == "retrieval" else "text_a"
    rows = load_rows(clean, "test", language)
    english = _english(task, clean, rows)
    chosen = _distinct([(row["id"], row[column], english[row["id"]]) for row in rows if row["id"] in english])
    kept = set(sorted(chosen, key=lambda name: derive_seed("alignment", task.name, name))[:examples])
    if len(kept) < 2:
        raise DataError(f"{clean}: {len(kept)} sentence pairs in {language}; alignment needs at least 2")
    presented = {row["id"]: row[column] for row in load_rows(data, "test", language)}
    lacking = min(kept - presented.keys(), default=None)
    if lacking is not None:
        raise DataError(f"{data}: test-{language} has no row {lacking!r}, as {clean} has; prepare both again")
    names = [name for name in chosen if name in kept]
    return Sentences([chosen[name] for name in names], [presented[name] for name in names])


def _english(task: Task, clean: Path, rows: list[Row]) -> Mapping[str, str]:
    """The English counterpart of every row, by its id."""
    if task.type == "retrieval":
        return dict(map(itemgetter("id", "english"), rows))
    return dict(map(itemgetter("id", "text_a"), load_rows(clean, "test", "en")))


def _distinct(triples: list[tuple[str, str, str]]) -> dict[str, str]:
    """Of (id, text, English), the English by id of those with neither sentence seen before."""
    texts: set[str] = set()
    english: dict[str, str] = {}
    taken: set[str] = set()
    for name, text, counterpart in triples:
        if text not in texts and counterpart not in taken:
            texts.add(text)
            taken.add(counterpart)
            english[name] = counterpart
    return english
