"""Miniature NLI: three-way inference in the miniature world."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.miniature import LANGUAGES
from xstilts.miniature.nli import LABELS, pairs
from xstilts.miniature.realise import sentence
from xstilts.miniature.scene import DEV_ROWS, TEST_ROWS
from xstilts.tasks.base import Row, Task

ROWS = {"train": 6000, "dev": DEV_ROWS, "test": TEST_ROWS}


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of a split; ids and meanings are the same in every language."""
    for identifier, pair in pairs(split, ROWS[split]):
        yield {
            "id": identifier,
            "language": language,
            "text_a": sentence(pair.premise, language),
            "text_b": sentence(pair.hypothesis, language),
            "label": pair.label,
        }


TASK = Task(
    name="mini_nli",
    type="classification",
    languages={"train": ("en",), "dev": ("en",), "test": LANGUAGES},
    files=lambda split, language: (),
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    parallel=True,
    rows={("train", "en"): ROWS["train"], ("dev", "en"): DEV_ROWS} | {("test", code): TEST_ROWS for code in LANGUAGES},
    source="generated",
    licence="Apache-2.0",
    citation="xstilts, the miniature world",
    splits_note="Generated. Every test hypothesis has a word that train and dev lack; every hypothesis comes once with "
    "each label.",
)
