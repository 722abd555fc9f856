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
answer (most sentences of BUCC). Rows of ``pool`` are the candidates; their ``gold`` is empty. A task has either
one pool for each query language (``languages["pool"] == languages["test"]``; BUCC, where the pool of ``zh`` holds the
English sentences of zh-en) or a single one under the code :data:`MULTILINGUAL` that all search (LAReQA, Mewsli-X).
The rows of a pool name their own language. ``gold`` ids are ids of the query's pool; a pool is always
whole, whichever queries a study keeps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from xstilts.errors import ConfigError
from xstilts.sources.places import Download, Hub

Row = dict[str, Any]

# The split of a ``pool_retrieval`` task's candidates.
POOL = "pool"
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


# Scored by search in representations, without a head.
RETRIEVAL_TYPES = ("retrieval", "pool_retrieval")

SOURCES = ("data_dir", "hub", "url")


@dataclass(frozen=True)
class Edition:
    """A place and form in which a task's data are published, beside the one that the task itself declares.

    Attributes:
        name: a word, unique within the task; the name of the source where there is one edition of it.
        source: a word of :data:`SOURCES`. ``url`` editions fill a folder as ``data_dir`` ones have it.
        languages: as in :class:`Task`.
        files: as in :class:`Task`; paths below the folder, in the repository, or keys of ``downloads``.
        read: as in :class:`Task`.
        rows: as in :class:`Task`.
        splits_note: as in :class:`Task`.
        hub: the repository of a ``hub`` edition.
        downloads: where each file of a ``url`` edition comes from.
    """

    name: str
    source: str
    languages: Mapping[str, tuple[str, ...]]
    files: Callable[[str, str], tuple[str, ...]]
    read: Callable[[Path, str, str], Iterator[Row]]
    rows: Mapping[tuple[str, str], int]
    splits_note: str
    hub: Hub | None = None
    downloads: Mapping[str, Download] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"edition {self.name}: source {self.source!r} is not one of {', '.join(SOURCES)}")
        if (self.source == "hub") != (self.hub is not None) or (self.source == "url") != bool(self.downloads):
            raise ValueError(f"edition {self.name}: hub goes with hub editions, downloads with url editions")


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
        layout: whose names and folders the files of ``data_dir`` have, for messages.
        source: ``data_dir`` (files in such a layout), ``generated`` (made by the project; no files), or, in
            an edition chosen by :meth:`at`, ``hub`` or ``url``.
        licence: licence of the data.
        citation: who to cite.
        n_choices: number of choices of a multiple-choice row.
        splits_note: how the splits come about where they are not the published ones; goes into the manifest.
        parallel: test rows of the same id say the same in every language, English among them.
        open_labels: the labels are those that the data hold (``tagging``); prepared data name them in their manifest.
        overlaps: tasks whose test rows are made from what this one trains or selects on; a study that scores one of
            them cannot train on this one. It belongs to the edition declared first.
        edition: name of the edition whose files and rows these are; ``""`` for the one declared first.
        editions: the other editions; within a source, the preferred one first.
        hub: the repository, in a ``hub`` edition.
        downloads: where the files come from, in a ``url`` edition.
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
    layout: str = "XTREME's download script"
    source: str = "data_dir"
    n_choices: int | None = None
    splits_note: str = ""
    version: int = 1
    parallel: bool = False
    open_labels: bool = False
    overlaps: tuple[str, ...] = ()
    edition: str = ""
    editions: tuple[Edition, ...] = ()
    hub: Hub | None = None
    downloads: Mapping[str, Download] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.type not in TASK_TYPES:
            raise ValueError(f"task {self.name}: type {self.type!r} is not one of {', '.join(TASK_TYPES)}")
        if self.open_labels and (self.type != "tagging" or self.labels):
            raise ValueError(f"task {self.name}: open_labels goes with tagging tasks that declare no labels")
        if self.parallel and (self.type != "classification" or "en" not in self.languages["test"]):
            raise ValueError(f"task {self.name}: parallel goes with classification tasks tested in English too")
        if (self.type == "multiple_choice") != (self.n_choices is not None):
            raise ValueError(f"task {self.name}: n_choices goes with multiple_choice tasks, and only with them")

    def at(self, edition: str) -> "Task":
        """The task in one of its editions; ``""`` is the one declared first.

        Raises:
            ConfigError: it has no edition of that name.
        """
        if edition == self.edition:
            return self
        for found in self.editions:
            if found.name == edition:
                parts = {part.name: getattr(found, part.name) for part in fields(found) if part.name != "name"}
                return replace(self, edition=edition, overlaps=(), **parts)
        known = ", ".join(found.name for found in self.editions) or "none beside its own"
        raise ConfigError(f"task {self.name} has no edition {edition!r}; it has: {known}")

    @property
    def mined(self) -> bool:
        """Whether pairs are mined between two collections (BUCC), of which a sample would be another task."""
        return "bucc_f1" in self.metrics

    @property
    def chance(self) -> float | None:
        """Expected accuracy (percent) of guessing uniformly, or None where guessing has no such simple value."""
        if self.type == "classification":
            return 100 / len(self.labels)
        return None if self.n_choices is None else 100 / self.n_choices
