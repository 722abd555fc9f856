"""Miniature tagging: universal parts of speech of single sentences."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.miniature import LANGUAGES
from xstilts.miniature.realise import tokens
from xstilts.miniature.scene import DEV_ROWS, TEST_ROWS
from xstilts.miniature.sentences import sentences
from xstilts.tasks.base import Row, Task

LABELS = ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "NOUN", "NUM", "PART", "PRON", "PUNCT", "SCONJ", "VERB")
ROWS = {"train": 3000, "dev": DEV_ROWS, "test": TEST_ROWS}


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the tagged sentences of a split; ids and meanings are the same in every language."""
    for identifier, clause in sentences("mini_pos", split, ROWS[split]):
        words = tokens(clause, language)
        yield {
            "id": identifier,
            "language": language,
            "tokens": [word.text for word in words],
            "tags": [word.tag for word in words],
        }


TASK = Task(
    name="mini_pos",
    type="tagging",
    languages={"train": ("en",), "dev": ("en",), "test": LANGUAGES},
    files=lambda split, language: (),
    read=read,
    metrics=("accuracy", "f1"),
    labels=LABELS,
    rows={("train", "en"): ROWS["train"], ("dev", "en"): DEV_ROWS} | {("test", code): TEST_ROWS for code in LANGUAGES},
    source="generated",
    licence="Apache-2.0",
    citation="xstilts, the miniature world",
    splits_note="Generated. Every test sentence has a word or a sentence shape that train and dev lack.",
)
