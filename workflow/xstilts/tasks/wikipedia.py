"""Unlabelled text of Wikipedia, by paragraphs."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.languages import LANGUAGES
from xstilts.sources.parquet import read_parquet
from xstilts.sources.places import Hub
from xstilts.tasks.base import Edition, Row, Task

DUMP = "20231101"
# Headings, list items and captions say little; a paragraph of a few sentences is what is wanted.
SHORTEST = 100


def files(split: str, language: str) -> tuple[str, ...]:
    """The first part of a language's articles: more than continued pretraining reads."""
    return (f"{DUMP}.{language}/train-00000.parquet",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the paragraphs; the id names the article and the paragraph."""
    for record in read_parquet(root / files(split, language)[0], ("id", "text")):
        for number, paragraph in enumerate(record.get("text", str).split("\n")):
            text = paragraph.strip()
            if len(text) >= SHORTEST:
                yield {"id": f"{record.get('id', str)}-{number}", "language": language, "text": text}


SPLITS = {"train": tuple(LANGUAGES)}
NOTE = f"Paragraphs of at least {SHORTEST} characters from the first file of each language in the dump of {DUMP}."

TASK = Task(
    name="wikipedia",
    type="mlm",
    languages=SPLITS,
    files=lambda split, language: (f"wikipedia/{files(split, language)[0]}",),
    read=lambda root, split, language: read(root / "wikipedia", split, language),
    metrics=("accuracy",),
    licence="CC BY-SA 3.0 and GFDL",
    citation="Wikimedia Foundation, Wikimedia Downloads",
    splits_note=NOTE,
    editions=(
        Edition(
            "hub",
            "hub",
            SPLITS,
            files,
            read,
            {},
            NOTE,
            hub=Hub("wikimedia/wikipedia", "b04c8d1ceb2f5cd4588862100d08de323dccfbaa"),
        ),
    ),
)
