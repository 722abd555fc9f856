"""Fetch: find a task's raw files, or get them, and record exactly which bytes they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xstilts.artifacts import sha256_file, write_json
from xstilts.data.download import from_hub, from_web
from xstilts.errors import ConfigError, DataError
from xstilts.tasks import Task

_LISTED = 8


def write_source(
    task: Task,
    data_dir: Path | None,
    output: Path,
    splits: Sequence[tuple[str, str]],
    raw: Path | None = None,
    allow_unpinned: bool = False,
) -> None:
    """Write the record of a task's raw data, once they are fetched where they have to be.

    Args:
        task: the task, in the edition to read.
        data_dir: the folder that holds the benchmarks' files; not used by generated tasks.
        output: the JSON file to write: task, its version, size and sha256 of every file that the splits need, licence,
            citation. It does not say where the folder is, so that moving it changes nothing.
        splits: the ``(split, language)`` pairs that will be prepared.
        raw: the folder that receives what is fetched from the hub or the web.
        allow_unpinned: fetch from a repository whose revision no source vouches for.

    Raises:
        ConfigError: the task lacks one of the splits.
        DataError: ``data_dir`` or files in it are missing, or a file cannot be fetched whole.
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
        root = raw_folder(task, data_dir, raw)
        names = needed_files(task, splits)
        if task.hub is not None:
            revision = from_hub(task.hub, names, root, allow_unpinned)
            record |= {"edition": task.edition, "hub": {"id": task.hub.id, "revision": revision}}
        elif task.downloads:
            for name in names:
                _complete(task, name, root)
            record |= {"edition": task.edition, "urls": {name: task.downloads[name].url for name in names}}
        elif task.edition:
            record["edition"] = task.edition
        record["files"] = {
            name: {"bytes": (root / name).stat().st_size, "sha256": sha256_file(root / name)}
            for name in present(task, root, names)
        }
    write_json(output, record)


def sizes(task: Task, data_dir: Path | None, splits: Sequence[tuple[str, str]]) -> dict[str, int | None]:
    """Bytes of every file that the splits need, None for one that is not there: a cheap look at what a folder holds."""
    found: dict[str, int | None] = {}
    for name in needed_files(task, splits):
        path = data_dir / name if data_dir else None
        found[name] = path.stat().st_size if path and path.is_file() else None
    return found


def addresses(task: Task, splits: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What decides which bytes a fetched task has: commit or checksums."""
    if task.hub is not None:
        return {"id": task.hub.id, "revision": task.hub.revision, "files": needed_files(task, splits)}
    return {name: task.downloads[name].sha256 for name in needed_files(task, splits)}


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


def raw_folder(task: Task, data_dir: Path | None, raw: Path | None) -> Path:
    """The folder that a task's ``read`` starts from.

    Args:
        task: the task, in the edition to read.
        data_dir: the user's folder of benchmark files.
        raw: the folder of what was fetched.

    Raises:
        DataError: the folder that the edition needs is not set or not there.
    """
    if task.source == "generated":
        return Path()
    if task.source == "data_dir":
        return existing(task, data_dir)
    if raw is None:
        raise DataError(f"task {task.name} is read from the {task.source}; name the folder of fetched files (--raw)")
    return raw / (task.hub.folder if task.hub else f"url/{task.name}")


def existing(task: Task, data_dir: Path | None) -> Path:
    """The folder of the benchmarks' files, as an absolute path.

    Raises:
        DataError: it is not set or not there.
    """
    if data_dir is None:
        raise DataError(
            f"task {task.name} reads files; set data_dir to the folder of XTREME's download script (--data-dir DIR)"
        )
    if not data_dir.is_dir():
        raise DataError(f"{data_dir}: no such folder; set data_dir to the folder of XTREME's download script")
    return data_dir.resolve()


def present(task: Task, root: Path, names: list[str]) -> list[str]:
    """The names, if all of them are files below ``root``.

    Raises:
        DataError: one is not; the message names those that are missing.
    """
    missing = [name for name in names if not (root / name).is_file()]
    if missing:
        more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise DataError(
            f"{root}: task {task.name} lacks {', '.join(missing[:_LISTED])}{more}; "
            f"data_dir must hold these paths, as {task.layout} lays them out"
        )
    return names


def _complete(task: Task, name: str, root: Path) -> None:
    """Fetch one file of a ``url`` edition, unless an earlier fetch left it: only whole files have their name."""
    if name not in task.downloads:
        raise DataError(f"task {task.name}: {name} has no address; read the task from data_dir")
    if not (root / name).is_file():
        from_web(task.downloads[name], root / name, root.parent / "archives")
