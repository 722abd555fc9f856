"""What a task is.

A task file declares one :class:`Task` named ``TASK``. It is imported when a study is parsed, so it must not import
anything heavy; ``read`` runs later, inside the prepare job.

Rows are plain dictionaries. Every row has ``id`` (unique within split and language) and ``language``; the rest depends
on the task's type:

================  ====================================================================================================
classification    ``text_a: str``, ``text_b: str`` (``""`` for single sentences), ``label: str``
multiple_choice   ``prompt: str``, ``choices: list[str]``, ``label: int``
span_qa           ``question: str``, ``context: str``, ``answer_texts: list[str]``, ``answer_starts: list[int]``
                  (offsets in Unicode code points; both lists are empty for an unanswerable question)
tagging           ``tokens: list[str]``, ``tags: list[str]``
retrieval         ``text: str`` and its English counterpart ``english: str``; rows pair one to one
pool_retrieval    ``text: str``, ``context: str`` (what is encoded with the text as its second segment; ``""`` where
                  there is none), ``gold: list[str]`` (see below)
mlm               ``text: str``
================  ====================================================================================================

A ``pool_retrieval`` task keeps queries and candidates in two splits of the same columns. Rows of ``test`` are the
queries of a language; ``gold`` lists the ids of the candidates that answer them, and is empty for a query without an
answer (most sentences of BUCC). Rows of ``pool`` are the candidates; their ``gold`` is empty. A task has either one
pool for each query language (``languages["pool"] == languages["test"]``; BUCC, where the pool of ``zh`` holds the
English sentences of zh-en) or a single one under the code :data:`MULTILINGUAL` that every language searches (LAReQA,
Mewsli-X). The rows of a multilingual pool name their own language. ``gold`` ids are ids of the query's pool; a pool is
always whole, whichever queries a study keeps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]

# ISO 639-2 for "multiple languages": the pool that the queries of every language search.
MULTILINGUAL = "mul"

TASK_TYPES: dict[str, tuple[str, ...]] = {
    "classification": ("text_a", "text_b", "label"),
    "multiple_choice": ("prompt", "choices", "label"),
    "span_qa": ("question", "context", "answer_texts", "answer_starts"),
    "tagging": ("tokens", "tags"),
    "retrieval": ("text", "english"),
    "pool_retrieval": ("text", "context", "gold"),
    "mlm": ("text",),
}


@dataclass(frozen=True)
class Task:
    """One dataset family.

    Attributes:
        name: the word a study uses.
        type: a key of :data:`TASK_TYPES`.
        languages: split name (``train``, ``dev``, ``test``, ``pool``) to the languages that have it (ISO 639-1 codes).
        files: ``files(split, language)`` lists the paths below the data directory that ``read`` opens, in order.
        read: ``read(root, split, language)`` yields the rows of that split and language. Raises ``DataError`` naming
            file and line where a row is malformed.
        metrics: metric names, the main one first.
        labels: label names in the order of the classifier's outputs (empty for types without labels).
        rows: published number of rows for ``(split, language)``, checked when the data are prepared.
        source: ``data_dir`` (files in XTREME's download layout) or ``generated`` (made by the project; no files).
        licence: licence of the data.
        citation: who to cite.
        n_choices: number of choices of a multiple-choice row.
        splits_note: how the splits come about where they are not the published ones; goes into the manifest.
        version: raise it when ``read`` changes what it yields.
    """

    name: str
    type: str
    languages: Mapping[str, tuple[str, ...]]
    files: Callable[[str, str], tuple[str, ...]]
    read: Callable[[Path, str, str], Iterator[Row]]
    metrics: tuple[str, ...]
    licence: str
    citation: str
    labels: tuple[str, ...] = ()
    rows: Mapping[tuple[str, str], int] = field(default_factory=dict)
    source: str = "data_dir"
    n_choices: int | None = None
    splits_note: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        if self.type not in TASK_TYPES:
            raise ValueError(f"task {self.name}: type {self.type!r} is not one of {', '.join(TASK_TYPES)}")
        if (self.type == "multiple_choice") != (self.n_choices is not None):
            raise ValueError(f"task {self.name}: n_choices goes with multiple_choice tasks, and only with them")

    @property
    def chance(self) -> float | None:
        """Expected accuracy (percent) of guessing uniformly, or None where guessing has no such simple value."""
        if self.type == "classification":
            return 100 / len(self.labels)
        return None if self.n_choices is None else 100 / self.n_choices
