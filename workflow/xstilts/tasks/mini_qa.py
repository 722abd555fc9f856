"""Miniature question answering: the answer is a phrase of a short context."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.miniature import LANGUAGES
from xstilts.miniature.qa import problems, write
from xstilts.miniature.scene import DEV_ROWS, TEST_ROWS
from xstilts.tasks.base import Row, Task

ROWS = {"train": 3000, "dev": DEV_ROWS, "test": TEST_ROWS}


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a split; ids and meanings are the same in every language."""
    for identifier, problem in problems(split, ROWS[split]):
        question, context, answer, start = write(problem, language)
        yield {
            "id": identifier,
            "language": language,
            "question": question,
            "context": context,
            "answer_texts": [answer],
            "answer_starts": [start],
        }


TASK = Task(
    name="mini_qa",
    type="span_qa",
    languages={"train": ("en",), "dev": ("en",), "test": LANGUAGES},
    files=lambda split, language: (),
    read=read,
    metrics=("f1", "exact_match"),
    rows={("train", "en"): ROWS["train"], ("dev", "en"): DEV_ROWS} | {("test", code): TEST_ROWS for code in LANGUAGES},
    source="generated",
    licence="Apache-2.0",
    citation="xstilts, the miniature world",
    splits_note="Generated. Every test row has a word or a sentence shape that train and dev lack.",
)
