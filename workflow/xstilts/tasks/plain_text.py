"""Unlabelled text of the user's own: one sentence a line."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.languages import LANGUAGES
from xstilts.sources.lines import read_lines
from xstilts.tasks.base import Row, Task


def files(split: str, language: str) -> tuple[str, ...]:
    """The file of a language."""
    return (f"text/{language}.txt",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the lines that are not blank; the id is the line number."""
    for line in read_lines(root / files(split, language)[0]):
        if line.text.strip():
            yield {"id": str(line.number), "language": language, "text": line.text.strip()}


TASK = Task(
    name="plain_text",
    type="mlm",
    languages={"train": tuple(LANGUAGES)},
    files=files,
    read=read,
    metrics=("accuracy",),
    licence="the user's",
    citation="the user's",
    splits_note="Unlabelled text that the study's author supplies.",
)
