"""All tasks at a glance: what ``xstilts tasks`` prints and ``docs/DATA.md`` holds."""

from collections.abc import Iterator
from typing import Any

from xstilts.tasks import registry
from xstilts.tasks.base import Edition, Task

HEADING = """\
# Data

Every task that a study can name, who made its data, and under which licence. Nothing of it is part of this repository:
it is read from a folder in the layout of XTREME's download script (`data_dir`), or fetched from a pinned commit of the
hub (`hub`) or by checksum from the publisher's address (`url`). A study says which (`source`, `sources`); left to
itself, it takes the folder where the files are there. Check a licence before you share what was trained on the data.

This page is written by `xstilts tasks --markdown > docs/DATA.md`.
"""


def entries() -> list[dict[str, Any]]:
    """One JSON-ready mapping per task, in alphabetical order."""
    return [_entry(task) for task in registry().values()]


def _entry(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "type": task.type,
        "metrics": list(task.metrics),
        "languages": {split: list(languages) for split, languages in task.languages.items()},
        "source": task.source,
        "editions": [
            {
                "name": edition.name,
                "source": edition.source,
                "languages": {split: list(languages) for split, languages in edition.languages.items()},
                "where": _where(edition),
            }
            for edition in task.editions
        ],
        "licence": task.licence,
        "citation": task.citation,
    }


def _where(edition: Edition) -> str:
    if edition.hub is not None:
        return f"{edition.hub.id} at {edition.hub.revision or 'no pinned commit'}"
    return ", ".join(sorted({found.url for found in edition.downloads.values()}))


def markdown() -> str:
    """The page ``docs/DATA.md``."""
    return "\n".join([HEADING, *(line for task in registry().values() for line in _section(task))])


def _section(task: Task) -> Iterator[str]:
    yield f"## {task.name}\n"
    scored = f", scored by {' and '.join(task.metrics)}" if task.metrics else ""
    yield f"{task.type}{scored}. {task.citation}."
    yield f"Licence: {task.licence}.\n"
    yield "| read from | languages | what |"
    yield "|---|---|---|"
    whose = "" if task.layout == Task.layout else f" (as {task.layout})"
    yield f"| {task.source}{whose} | {_spoken(task)} | {task.splits_note} |"
    for edition in task.editions:
        where = f" {_where(edition)}" if edition.source != "data_dir" else f" (`{edition.name}`)"
        yield f"| {edition.source}{where} | {_spoken(edition)} | {edition.splits_note} |"
    yield ""


def _spoken(edition: Task | Edition) -> str:
    return "; ".join(f"{split}: {' '.join(languages)}" for split, languages in edition.languages.items())
