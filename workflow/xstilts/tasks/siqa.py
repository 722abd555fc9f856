"""Social IQa: three-way questions on social situations, in English."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.jsonl import Record, read_jsonl
from xstilts.sources.lines import bad_row, check_label, read_lines
from xstilts.sources.places import Download
from xstilts.tasks.base import Edition, Row, Task

LETTERS = ("A", "B", "C")
NUMBERS = ("1", "2", "3")


def files(split: str, language: str) -> tuple[str, ...]:
    """The file of a split, as in the archive that XTREME's download script unpacks."""
    return (f"siqa/socialIQa_v1.4_{'trn' if split == 'train' else split}.jsonl",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of ``train`` or ``dev``."""
    for record in read_jsonl(root / files(split, language)[0]):
        letter = check_label(record.path, record.line, record.get("correct", str), LETTERS)
        yield _row(record, language, LETTERS.index(letter))


def url_files(split: str, language: str) -> tuple[str, ...]:
    """The questions of a split and, line by line, their labels."""
    return (f"siqa/{split}.jsonl", f"siqa/{split}-labels.lst")


def read_url(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of ``train`` or ``dev`` from the edition that keeps labels apart."""
    questions, labels = (root / name for name in url_files(split, language))
    numbers = [check_label(labels, line.number, line.text.strip(), NUMBERS) for line in read_lines(labels)]
    for record in read_jsonl(questions):
        if record.line > len(numbers):
            raise bad_row(questions, record.line, f"{labels.name} has no line for it", "download both files again")
        yield _row(record, language, NUMBERS.index(numbers[record.line - 1]))


def _row(record: Record, language: str, label: int) -> Row:
    return {
        "id": str(record.line),
        "language": language,
        "prompt": f"{record.get('context', str)} {record.get('question', str)}",
        "choices": [record.get(f"answer{letter}", str) for letter in LETTERS],
        "label": label,
    }


ENGLISH = {"train": ("en",), "dev": ("en",)}
ROWS = {("train", "en"): 33_410, ("dev", "en"): 1954}
NOTE = "The published training and validation files."
ADDRESS = "https://storage.googleapis.com/ai2-mosaic/public/socialiqa/socialiqa-train-dev.zip"
SHA256 = "ee073914a0fc33265cfbcfc50ec20df9b2e07809c3f420f599138d1f394ef5c3"

TASK = Task(
    name="siqa",
    type="multiple_choice",
    n_choices=len(LETTERS),
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    rows=ROWS,
    licence="not stated by the publisher",
    citation="Sap et al. 2019, Social IQa: Commonsense Reasoning about Social Interactions (EMNLP)",
    splits_note=NOTE,
    editions=(
        Edition(
            "url",
            "url",
            ENGLISH,
            url_files,
            read_url,
            ROWS,
            NOTE,
            downloads={
                f"siqa/{name}": Download(ADDRESS, SHA256, 2_198_056, f"socialiqa-train-dev/{name}")
                for name in ("train.jsonl", "train-labels.lst", "dev.jsonl", "dev-labels.lst")
            },
        ),
    ),
)
