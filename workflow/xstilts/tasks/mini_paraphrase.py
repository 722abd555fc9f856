"""Miniature paraphrase identification: the same words, the same meaning or another one."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.miniature import LANGUAGES
from xstilts.miniature.paraphrase import LABELS, pairs
from xstilts.miniature.realise import sentence
from xstilts.miniature.scene import DEV_ROWS, TEST_ROWS
from xstilts.tasks.base import Row, Task

ROWS = {"train": 3000, "dev": DEV_ROWS, "test": TEST_ROWS}


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of a split; ids and meanings are the same in every language."""
    for identifier, (first, second, label) in pairs(split, ROWS[split]):
        yield {
            "id": identifier,
            "language": language,
            "text_a": sentence(first, language),
            "text_b": sentence(second, language),
            "label": label,
        }


TASK = Task(
    name="mini_paraphrase",
    type="classification",
    languages={"train": ("en",), "dev": ("en",), "test": LANGUAGES},
    files=lambda split, language: (),
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    rows={("train", "en"): ROWS["train"], ("dev", "en"): DEV_ROWS} | {("test", code): TEST_ROWS for code in LANGUAGES},
    source="generated",
    licence="Apache-2.0",
    citation="xstilts, the miniature world",
    splits_note="Generated. Every test pair has a word or a sentence shape that train and dev lack.",
)
