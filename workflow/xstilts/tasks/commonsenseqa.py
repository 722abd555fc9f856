"""CommonsenseQA: five-way multiple choice questions in English."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.jsonl import Record, read_jsonl
from xstilts.sources.lines import bad_row, check_label
from xstilts.tasks.base import Row, Task

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


TASK = Task(
    name="commonsenseqa",
    type="multiple_choice",
    n_choices=len(LETTERS),
    languages={"train": ("en",), "dev": ("en",)},
    files=files,
    read=read,
    metrics=("accuracy",),
    rows={("train", "en"): 9741, ("dev", "en"): 1221},
    licence="MIT",
    citation="Talmor et al. 2019, CommonsenseQA: A Question Answering Challenge Targeting Commonsense Knowledge "
    "(NAACL)",
    splits_note="The published training and validation files (random split).",
)
