"""Miniature retrieval: each sentence has its English counterpart to be found."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.miniature import LANGUAGES
from xstilts.miniature.realise import sentence
from xstilts.miniature.sentences import sentences
from xstilts.tasks.base import Row, Task

ROWS = 300
OTHERS = tuple(code for code in LANGUAGES if code != "en")


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the sentence pairs; ids and meanings are the same in every language."""
    for identifier, clause in sentences("mini_bitext", split, ROWS):
        yield {
            "id": identifier,
            "language": language,
            "text": sentence(clause, language),
            "english": sentence(clause, "en"),
        }


TASK = Task(
    name="mini_bitext",
    type="retrieval",
    languages={"test": OTHERS},
    files=lambda split, language: (),
    read=read,
    metrics=("accuracy",),
    rows={("test", code): ROWS for code in OTHERS},
    source="generated",
    licence="Apache-2.0",
    citation="xstilts, the miniature world",
    splits_note="Generated; nothing is trained. No two sentences of a language are the same.",
)
