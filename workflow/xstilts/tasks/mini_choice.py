"""Miniature multiple choice: one of four phrases or sentences fits the prompt."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.miniature import LANGUAGES
from xstilts.miniature.choice import N_CHOICES, problems
from xstilts.miniature.realise import sentence
from xstilts.miniature.scene import DEV_ROWS, TEST_ROWS
from xstilts.tasks.base import Row, Task

ROWS = {"train": 3000, "dev": DEV_ROWS, "test": TEST_ROWS}


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the problems of a split; ids and meanings are the same in every language."""
    for identifier, problem in problems(split, ROWS[split]):
        yield {
            "id": identifier,
            "language": language,
            "prompt": sentence(problem.prompt, language),
            "choices": [sentence(choice, language) for choice in problem.choices],
            "label": problem.label,
        }


TASK = Task(
    name="mini_choice",
    type="multiple_choice",
    languages={"train": ("en",), "dev": ("en",), "test": LANGUAGES},
    files=lambda split, language: (),
    read=read,
    metrics=("accuracy",),
    n_choices=N_CHOICES,
    rows={("train", "en"): ROWS["train"], ("dev", "en"): DEV_ROWS} | {("test", code): TEST_ROWS for code in LANGUAGES},
    source="generated",
    licence="Apache-2.0",
    citation="xstilts, the miniature world",
    splits_note="Generated. Every test row has a word or a sentence shape that train and dev lack.",
)
