"""The task registry: every module of this package that defines ``TASK`` is a task."""

import difflib
import functools
import importlib
import pkgutil

from xstilts.errors import ConfigError
from xstilts.tasks.base import Row, Task

__all__ = ["Row", "Task", "get", "registry"]


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
