"""Cosmos QA: four-way questions on what lies between the lines of English blog posts."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.csvfile import read_csv
from xstilts.sources.lines import check_label
from xstilts.sources.overlap import fingerprint
from xstilts.sources.places import Download
from xstilts.tasks.base import Edition, Row, Task

DEV_SHARE = 0.05
LABELS = ("0", "1", "2", "3")
ANSWERS = tuple(f"answer{label}" for label in LABELS)


def files(split: str, language: str) -> tuple[str, ...]:
    """The validation file; both parts are drawn from it."""
    return ("cosmosqa/valid.csv",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of ``train`` or ``dev``; all questions on a text are in the same part."""
    for context, row in _questions(root / files(split, language)[0], language):
        if held_out(fingerprint(context), DEV_SHARE, "cosmosqa") == (split == "dev"):
            yield row


def published_files(split: str, language: str) -> tuple[str, ...]:
    """The published file of a split."""
    return (f"cosmosqa/{'valid' if split == 'dev' else split}.csv",)


def read_published(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a published file."""
    for _, row in _questions(root / published_files(split, language)[0], language):
        yield row


def _questions(path: Path, language: str) -> Iterator[tuple[str, Row]]:
    """Texts and rows, with jiant's prompt: text and question."""
    for record in read_csv(path, ("id", "context", "question", *ANSWERS, "label")):
        context = record.get("context", str)
        label = check_label(path, record.line, record.get("label", str), LABELS)
        yield (
            context,
            {
                "id": record.get("id", str),
                "language": language,
                "prompt": f"{context} {record.get('question', str)}",
                "choices": [record.get(answer, str) for answer in ANSWERS],
                "label": LABELS.index(label),
            },
        )


ENGLISH = {"train": ("en",), "dev": ("en",)}
PUBLISHED_ROWS = {("train", "en"): 25_262, ("dev", "en"): 2985}
PUBLISHED = "The published training and validation files."
ADDRESS = "https://github.com/wilburOne/cosmosqa/raw/master/data/"
DOWNLOADS = {
    "cosmosqa/train.csv": Download(
        f"{ADDRESS}train.csv", "d8d5ca1f9f6534b6530550718591af89372d976a8fc419360fab4158dee4d0b2", 16_660_449
    ),
    "cosmosqa/valid.csv": Download(
        f"{ADDRESS}valid.csv", "a6a94fc1463ca82bb10f98ef68ed535405e6f5c36e044ff8e136b5c19dea63f3", 2_128_345
    ),
}

TASK = Task(
    name="cosmosqa",
    type="multiple_choice",
    n_choices=len(LABELS),
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    rows={("train", "en"): 2855, ("dev", "en"): 130},
    licence="CC BY 4.0",
    citation="Huang et al. 2019, Cosmos QA: Machine Reading Comprehension with Contextual Commonsense Reasoning "
    "(EMNLP)",
    splits_note="Both parts come from the published validation file (2,985 questions; the 25,262 training questions "
    "are not there): texts are hashed, and about 5 % of them form dev.",
    editions=(
        Edition("published", "data_dir", ENGLISH, published_files, read_published, PUBLISHED_ROWS, PUBLISHED),
        Edition("url", "url", ENGLISH, published_files, read_published, PUBLISHED_ROWS, PUBLISHED, downloads=DOWNLOADS),
    ),
)
