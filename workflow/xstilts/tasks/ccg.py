"""CCG: supertags of CCGbank (Wall Street Journal), which users of LDC2005T13 supply."""

import re
from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.lines import bad_row, read_lines
from xstilts.tasks.base import Row, Task

# A leaf of an AUTO derivation: category, two part-of-speech tags, word, predicate-argument category.
_LEAF = re.compile(r"<L (\S+) \S+ \S+ (\S+) \S+>")
SECTIONS = {"train": "02-21", "dev": "00"}


def files(split: str, language: str) -> tuple[str, ...]:
    """The AUTO files of a split's sections, one after another in a single file."""
    return (f"ccgbank/wsj_{SECTIONS[split]}.auto",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the derivations' words and categories; the id is the line number of the derivation."""
    path = root / files(split, language)[0]
    for line in read_lines(path):
        if line.text.startswith("ID=") or not line.text.strip():
            continue
        leaves = _LEAF.findall(line.text)
        if not leaves:
            raise bad_row(path, line.number, "no leaf <L category pos pos word category>", "use CCGbank's AUTO files")
        categories, words = zip(*leaves, strict=True)
        yield {"id": str(line.number), "language": language, "tokens": list(words), "tags": list(categories)}


TASK = Task(
    name="ccg",
    type="tagging",
    languages={"train": ("en",), "dev": ("en",)},
    files=files,
    read=read,
    metrics=("accuracy",),
    open_labels=True,
    licence="LDC User Agreement (LDC2005T13); the user supplies the files",
    citation="Hockenmaier and Steedman 2007, CCGbank (Computational Linguistics)",
    splits_note="Sections 02-21 train and section 00 selects. The labels are the categories that occur in them.",
)
