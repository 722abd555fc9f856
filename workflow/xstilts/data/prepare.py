"""Prepare: raw files to Arrow tables, checked row by row."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa

from xstilts.artifacts import MANIFEST, atomic_directory, digest, file_table, read_json, sha256_file, write_json
from xstilts.data.checks import RowCheck
from xstilts.data.fetch import check_splits, needed_files, raw_folder
from xstilts.errors import DataError
from xstilts.seeds import derive_seed
from xstilts.tasks import Row, Task
from xstilts.tasks.base import POOL

_BATCH = 1000

_TEXT, _TEXTS, _INT = pa.string(), pa.list_(pa.string()), pa.int64()
_COLUMNS: dict[str, dict[str, Any]] = {
    "classification": {"text_a": _TEXT, "text_b": _TEXT, "label": _TEXT},
    "multiple_choice": {"prompt": _TEXT, "choices": _TEXTS, "label": _INT},
    "span_qa": {"question": _TEXT, "context": _TEXT, "answer_texts": _TEXTS, "answer_starts": pa.list_(_INT)},
    "tagging": {"tokens": _TEXTS, "tags": _TEXTS},
    "retrieval": {"text": _TEXT, "english": _TEXT},
    "pool_retrieval": {"text": _TEXT, "context": _TEXT, "gold": _TEXTS},
    "mlm": {"text": _TEXT},
}


def prepare(
    task: Task,
    source: Path,
    output: Path,
    splits: Sequence[tuple[str, str]],
    data_dir: Path | None = None,
    limit: int | None = None,
    raw: Path | None = None,
) -> dict[str, Any]:
    """Read, check and store the splits of a task.

    Writes ``{split}-{language}.arrow`` (Arrow IPC streams, columns as the task's type says) and ``manifest.json``,
    which is the same on every machine for the same raw bytes. The directory appears whole or not at all.

    Args:
        task: the task.
        source: what :func:`xstilts.data.fetch.write_source` wrote.
        output: the directory to make.
        splits: the ``(split, language)`` pairs to prepare.
        data_dir: the folder that holds the benchmarks' files; not used by generated tasks.
        limit: keep at most this many rows of each but pools. The choice depends on the ids alone, so parallel
            languages keep the same rows; file order is kept.
        raw: the folder of what was fetched from the hub or the web.

    Returns:
        The manifest.

    Raises:
        ConfigError: the task lacks one of the splits.
        DataError: a raw file is not the one recorded, a row breaks the contract, or a count is not the published one.
    """
    fetched = read_json(source)
    task = task.at(fetched.get("edition", ""))
    check_splits(task, splits)
    root = verified_root(task, source, fetched, splits, data_dir, raw)
    labels: set[str] = set(task.labels)
    counts = {}
    with atomic_directory(output) as directory:
        for split, language in splits:
            check = RowCheck(task, split, language)
            counts[f"{split}-{language}"] = _write_split(task, root, directory, check, split, language, limit)
            labels |= check.labels
        manifest = {
            "task": task.name,
            "task_version": task.version,
            "type": task.type,
            "labels": sorted(labels) if task.open_labels else list(task.labels),
            "source": digest(fetched),
            "splits": counts,
            "limit": limit,
            "splits_note": task.splits_note,
            "licence": task.licence,
            "citation": task.citation,
            "files": file_table(directory),
        }
        write_json(directory / MANIFEST, manifest)
    return manifest


def arrow_schema(task_type: str) -> Any:
    """The Arrow schema of a task type's rows."""
    return pa.schema({"id": _TEXT, "language": _TEXT, **_COLUMNS[task_type]})


def verified_root(
    task: Task,
    source: Path,
    fetched: dict[str, Any],
    splits: Sequence[tuple[str, str]],
    data_dir: Path | None,
    raw: Path | None,
) -> Path:
    """The folder of the raw files, once those that the splits need are seen to be the recorded ones."""
    if (fetched.get("task"), fetched.get("version")) != (task.name, task.version):
        raise DataError(f"{source}: made for another task or version than {task.name} {task.version}; fetch again")
    if task.source == "generated":
        from xstilts.miniature import world_digest

        if world_digest() != fetched["fingerprint"]:
            raise DataError(f"{source}: the generated world has changed since; fetch again")
    root = raw_folder(task, data_dir, raw)
    for name in needed_files(task, splits):
        recorded = fetched["files"].get(name)
        if recorded is None:
            raise DataError(f"{source}: {name} is not recorded; fetch again")
        if not (root / name).is_file():
            raise DataError(f"{root / name}: gone since it was fetched; put it back or fetch again")
        if sha256_file(root / name) != recorded["sha256"]:
            raise DataError(f"{root / name}: changed since it was fetched (sha256 differs); restore it or fetch again")
    return root


def _write_split(
    task: Task, root: Path, directory: Path, check: RowCheck, split: str, language: str, limit: int | None
) -> dict[str, int]:
    rows: Iterable[Row] = map(check, task.read(root, split, language))
    if limit is not None and split != POOL:
        rows = sample(rows, limit, task.name, split)
    written = _write_arrow(rows, directory / f"{split}-{language}.arrow", arrow_schema(task.type))
    check.finish()
    return {"rows": written, "rows_before_limit": check.count}


def sample(rows: Iterable[Row], limit: int, *names: str) -> list[Row]:
    """The ``limit`` rows whose ids hash lowest, in their order; holds no more than those in memory."""
    chosen = heapq.nsmallest(limit, enumerate(rows), key=lambda item: derive_seed(*names, item[1]["id"]))
    return [row for _, row in sorted(chosen, key=itemgetter(0))]


def _write_arrow(rows: Iterable[Row], path: Path, schema: Any) -> int:
    written = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for batch in _batches(rows):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
            written += len(batch)
    return written


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
