"""Shorthand for the editions of task files."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xstilts.sources.jsonl import Record
from xstilts.sources.parquet import read_parquet
from xstilts.sources.places import Hub
from xstilts.tasks.base import Edition, Row

# XTREME's own repository on the hub; Parquet files at this commit.
XTREME = Hub("google/xtreme", "ec5f1f46e9af79639a90684a7a70a956c4998f04")

# White space at the beginning of a text: TyDiQA's and XQuAD's contexts have up to 6.
_FURTHEST = 32


def hub_edition(
    hub: Hub,
    files: Callable[[str, str], tuple[str, ...]],
    columns: tuple[str, ...],
    make: Callable[[Record, str], dict[str, Any] | None],
    languages: Mapping[str, tuple[str, ...]],
    rows: Mapping[tuple[str, str], int],
    splits_note: str,
    labels: Mapping[str, tuple[str, ...]] | None = None,
) -> Edition:
    """An edition of Parquet files.

    Args:
        hub: the repository.
        files: paths in it by split and language.
        columns: the columns that ``make`` looks at.
        make: a record's row without ``language``, and without ``id`` where the row number serves; None to leave it out.
        languages: as in :class:`xstilts.tasks.base.Task`.
        rows: as in :class:`xstilts.tasks.base.Task`.
        splits_note: as in :class:`xstilts.tasks.base.Task`.
        labels: names of class labels by column (:func:`xstilts.sources.parquet.read_parquet`).
    """

    def read(root: Path, split: str, language: str) -> Iterator[Row]:
        names = files(split, language)
        for name in names:
            prefix = f"{Path(name).name.partition('-')[0]}-" if len(names) > 1 else ""
            for record in read_parquet(root / name, columns, labels):
                row = make(record, language)
                if row is not None:
                    yield {"id": f"{prefix}{record.line}", "language": language, **row}

    return Edition("hub", "hub", languages, files, read, rows, splits_note, hub=hub)


def parquet_file(config: str, splits: Mapping[str, str]) -> Callable[[str, str], tuple[str, ...]]:
    """Paths of data sets with one Parquet file for each split; ``config`` may hold ``{language}``."""

    def files(split: str, language: str) -> tuple[str, ...]:
        return (f"{config.format(language=language)}/{splits[split]}-00000-of-00001.parquet",)

    return files


def squad_row(record: Record, language: str) -> dict[str, Any]:
    """A ``span_qa`` row of a record with SQuAD's columns (``id``, ``context``, ``question``, ``answers``)."""
    answers = record.nested("answers")
    context, texts, starts = record.get("context", str), answers.get("text", list), answers.get("answer_start", list)
    return {
        "id": record.get("id", str),
        "question": record.get("question", str),
        "context": context,
        "answer_texts": texts,
        "answer_starts": _put_right(context, texts, starts),
    }


def _put_right(context: str, texts: list[str], starts: list[int]) -> list[int]:
    """Offsets as they are, or moved together by as little as puts every answer in its place.

    The scripts that made google/xtreme and google/xquad cut white space off contexts and answers and left the offsets.
    """
    for shift in sorted(range(-_FURTHEST, _FURTHEST + 1), key=abs):
        moved = [start + shift for start in starts]
        if all(at >= 0 and context.startswith(text, at) for text, at in zip(texts, moved, strict=False)):
            return moved
    return starts


SQUAD_COLUMNS = ("id", "context", "question", "answers")
