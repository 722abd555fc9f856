"""Fetch: find a task's raw files and record exactly which bytes they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xstilts.artifacts import sha256_file, write_json
from xstilts.errors import ConfigError, DataError
from xstilts.tasks import Task

_LISTED = 8


def write_source(task: Task, data_dir: Path | None, output: Path, splits: Sequence[tuple[str, str]]) -> None:
    """Write the record of a task's raw data.

    Args:
        task: the task.
        data_dir: the folder that holds the benchmarks' files; not used by generated tasks.
        output: the JSON file to write: task, its version, size and sha256 of every file that the splits need, licence,
            citation. It does not say where the folder is, so that moving it changes nothing.
        splits: the ``(split, language)`` pairs that will be prepared.

    Raises:
        ConfigError: the task lacks one of the splits.
        DataError: ``data_dir`` or files in it are missing.
    """
    check_splits(task, splits)
    record: dict[str, Any] = {
        "task": task.name,
        "version": task.version,
        "source": task.source,
        "files": {},
        "licence": task.licence,
        "citation": task.citation,
    }
    if task.source == "generated":
        from xstilts.miniature import world_digest

        record["fingerprint"] = world_digest()
    else:
        root = existing(task, data_dir)
        record["files"] = {
            name: {"bytes": (root / name).stat().st_size, "sha256": sha256_file(root / name)}
            for name in _present(task, root, needed_files(task, splits))
        }
    write_json(output, record)


def sizes(task: Task, data_dir: Path | None, splits: Sequence[tuple[str, str]]) -> dict[str, int | None]:
    """Bytes of every file that the splits need, None for one that is not there: a cheap look at what a folder holds."""
    found: dict[str, int | None] = {}
    for name in needed_files(task, splits):
        path = data_dir / name if data_dir else None
        found[name] = path.stat().st_size if path and path.is_file() else None
    return found


def needed_files(task: Task, splits: Sequence[tuple[str, str]]) -> list[str]:
    """The files that the splits are read from, each once, in order."""
    return list(dict.fromkeys(name for split, language in splits for name in task.files(split, language)))


def check_splits(task: Task, splits: Sequence[tuple[str, str]]) -> None:
    """Check that a task has the splits.

    Raises:
        ConfigError: it lacks one; the message says what it has.
    """
    for split, language in splits:
        languages = task.languages.get(split)
        if languages is None:
            raise ConfigError(f"task {task.name} has no split {split!r}; it has {', '.join(task.languages)}")
        if language not in languages:
            raise ConfigError(f"task {task.name} has no {split!r} in {language!r}; it has {', '.join(languages)}")


def existing(task: Task, data_dir: Path | None) -> Path:
    """The folder of the benchmarks' files, as an absolute path.

    Raises:
        DataError: it is not set or not there.
    """
    if data_dir is None:
        raise DataError(f"task {task.name} reads files; set data_dir to the folder of XTREME's download script")
    if not data_dir.is_dir():
        raise DataError(f"{data_dir}: no such folder; set data_dir to the folder of XTREME's download script")
    return data_dir.resolve()


def _present(task: Task, root: Path, names: list[str]) -> list[str]:
    missing = [name for name in names if not (root / name).is_file()]
    if missing:
        more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise DataError(
            f"{root}: task {task.name} lacks {', '.join(missing[:_LISTED])}{more}; "
            "data_dir must hold these paths, as XTREME's download script lays them out"
        )
    return names
