"""Miniature unlabelled text: sentences in every language, no two of them translations by design."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.miniature import LANGUAGES
from xstilts.miniature.realise import sentence
from xstilts.miniature.sentences import sentences
from xstilts.tasks.base import Row, Task

ROWS = 600


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the sentences; those of another language are other sentences."""
    for identifier, clause in sentences(f"mini_text {language}", split, ROWS):
        yield {"id": identifier, "language": language, "text": sentence(clause, language)}


TASK = Task(
    name="mini_text",
    type="mlm",
    languages={"train": tuple(LANGUAGES)},
    files=lambda split, language: (),
    read=read,
    metrics=("accuracy",),
    rows={("train", code): ROWS for code in LANGUAGES},
    source="generated",
    licence="Apache-2.0",
    citation="xstilts, the miniature world",
    splits_note="Generated; unlabelled. Training concepts only.",
)
