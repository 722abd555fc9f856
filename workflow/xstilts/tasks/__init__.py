"""The task registry: every module of this package that defines ``TASK`` is a task."""

import functools
from pathlib import Path

from xstilts.discovery import declared, named
from xstilts.errors import ConfigError
from xstilts.tasks.base import Edition, Row, Task

__all__ = ["Edition", "Row", "Task", "choose", "get", "registry"]

AUTO = "auto"


@functools.cache
def registry() -> dict[str, Task]:
    """All tasks by name, in alphabetical order.

    Raises:
        ValueError: two files declare the same name.
    """
    return declared(__name__, __path__, "TASK", "task")


def get(name: str) -> Task:
    """The task called ``name``.

    Raises:
        ConfigError: there is none; the message suggests the nearest names.
    """
    return named(registry(), name, "task")


def choose(name: str, source: str = AUTO, data_dir: Path | None = None) -> Task:
    """The task called ``name`` in the edition that a study reads.

    Args:
        name: a task.
        source: ``data_dir``, ``hub`` or ``url``; ``auto`` takes the folder where its files are there, else the first
            edition that can be fetched, else the folder.
        data_dir: the folder; within it, an edition whose files are there goes before one whose files are not. Without
            a folder, as in a plan, the preferred edition counts.

    Raises:
        ConfigError: there is no such task, or it has no edition of that source.
    """
    task = get(name)
    if task.source == "generated":
        return task
    folder = [found for found in task.editions if found.source == "data_dir"]
    fetched = [found for found in task.editions if found.source in (("hub", "url") if source == AUTO else (source,))]
    if source in (AUTO, "data_dir"):
        for found in folder:
            if data_dir and _is_there(found, data_dir):
                return task.at(found.name)
        if data_dir and _is_there(task, data_dir):
            return task
        if source == "data_dir" or not fetched:
            return task if data_dir or not folder else task.at(folder[0].name)
    if not fetched:
        known = ", ".join(dict.fromkeys(["data_dir", *(found.source for found in task.editions)]))
        raise ConfigError(f"task {name} has no source {source!r}; it has: {known}")
    return task.at(fetched[0].name)


def _is_there(edition: Task | Edition, root: Path) -> bool:
    """Whether every split has the files of at least one language: a cheap look that does not read."""
    return all(
        any(all((root / file).is_file() for file in edition.files(split, language)) for language in languages)
        for split, languages in edition.languages.items()
    )
