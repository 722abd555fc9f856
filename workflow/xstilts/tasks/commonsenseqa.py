"""CommonsenseQA: five-way multiple choice questions in English."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.sources.jsonl import Record, read_jsonl
from xstilts.sources.lines import bad_row, check_label
from xstilts.sources.places import Download, Hub
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Edition, Row, Task

LETTERS = ("A", "B", "C", "D", "E")


def files(split: str, language: str) -> tuple[str, ...]:
    """The published file of a split."""
    return (f"commonsenseqa/{split}_rand_split.jsonl",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of ``train`` or ``dev``."""
    path = root / files(split, language)[0]
    for record in read_jsonl(path):
        question = record.nested("question")
        letter = check_label(path, record.line, record.get("answerKey", str), LETTERS)
        yield {
            "id": record.get("id", str),
            "language": language,
            "prompt": question.get("stem", str),
            "choices": _choices(question),
            "label": LETTERS.index(letter),
        }


def _choices(question: Record) -> list[str]:
    choices = [
        Record(question.path, question.line, choice, f"question.choices[{index}].")
        for index, choice in enumerate(question.get("choices", list))
    ]
    letters = tuple(choice.get("label", str) for choice in choices)
    if letters != LETTERS:
        what = f"choices are labelled {', '.join(letters) or 'nothing'}"
        raise bad_row(question.path, question.line, what, f"they must be {', '.join(LETTERS)} in this order")
    return [choice.get("text", str) for choice in choices]


def _hub_row(record: Record, language: str) -> dict[str, Any] | None:
    """The hub keeps the choices as parallel lists of labels and texts."""
    choices = record.nested("choices")
    if tuple(choices.get("label", list)) != LETTERS:
        raise bad_row(record.path, record.line, "choices are not labelled A to E", "correct the row")
    letter = check_label(record.path, record.line, record.get("answerKey", str), LETTERS)
    return {
        "id": record.get("id", str),
        "prompt": record.get("question", str),
        "choices": choices.texts("text", len(LETTERS)),
        "label": LETTERS.index(letter),
    }


ENGLISH = {"train": ("en",), "dev": ("en",)}
ROWS = {("train", "en"): 9741, ("dev", "en"): 1221}
NOTE = "The published training and validation files (random split)."
ADDRESS = "https://s3.amazonaws.com/commensenseqa/"
DOWNLOADS = {
    "commonsenseqa/train_rand_split.jsonl": Download(
        f"{ADDRESS}train_rand_split.jsonl",
        "58ffa3c8472410e24b8c43f423d89c8a003d8284698a6ed7874355dedd09a2fb",
        3_785_890,
    ),
    "commonsenseqa/dev_rand_split.jsonl": Download(
        f"{ADDRESS}dev_rand_split.jsonl",
        "3210497fdaae614ac085d9eb873dd7f4d49b6f965a93adadc803e1229fd8a02a",
        471_653,
    ),
}

TASK = Task(
    name="commonsenseqa",
    type="multiple_choice",
    n_choices=len(LETTERS),
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    rows=ROWS,
    licence="MIT",
    citation="Talmor et al. 2019, CommonsenseQA: A Question Answering Challenge Targeting Commonsense Knowledge "
    "(NAACL)",
    splits_note=NOTE,
    editions=(
        hub_edition(
            Hub("tau/commonsense_qa", "94630fe30dad47192a8546eb75f094926d47e155"),
            parquet_file("data", {"train": "train", "dev": "validation"}),
            ("id", "question", "choices", "answerKey"),
            _hub_row,
            ENGLISH,
            ROWS,
            NOTE,
        ),
        Edition("url", "url", ENGLISH, files, read, ROWS, NOTE, downloads=DOWNLOADS),
    ),
)
