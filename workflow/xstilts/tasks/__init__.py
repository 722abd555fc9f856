"""The task registry: every module of this package that defines ``TASK`` is a task."""

import difflib
import functools
import importlib
import pkgutil
from pathlib import Path

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
    tasks: dict[str, Task] = {}
    for module in pkgutil.iter_modules(__path__):
        task = getattr(importlib.import_module(f"{__name__}.{module.name}"), "TASK", None)
        if task is None:
            continue
        if task.name in tasks:
            raise ValueError(f"two task files declare the name {task.name!r}")
        tasks[task.name] = task
    return dict(sorted(tasks.items()))


def get(name: str) -> Task:
    """The task called ``name``.

    Raises:
        ConfigError: there is none; the message suggests the nearest names.
    """
    try:
        return registry()[name]
    except KeyError:
        near = difflib.get_close_matches(name, registry(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"tasks: {', '.join(registry())}"
        raise ConfigError(f"unknown task {name!r}; {hint}") from None


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
    """Whether the files of each split's first language are there: a cheap look that does not read."""
    firsts = [(split, languages[0]) for split, languages in edition.languages.items()]
    return all((root / file).is_file() for first in firsts for file in edition.files(*first))
