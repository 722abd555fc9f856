"""XQuAD: question answering on translated SQuAD passages, in 12 languages."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.places import Hub
from xstilts.sources.squad import read_squad
from xstilts.tasks._editions import SQUAD_COLUMNS, hub_edition, parquet_file, squad_row
from xstilts.tasks.base import Row, Task

LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")


def files(split: str, language: str) -> tuple[str, ...]:
    """The file of a language."""
    return (f"xquad/xquad.{language}.json",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a language; ids are the same in every language."""
    for question in read_squad(root / files(split, language)[0]):
        yield question.row(language)


ROWS = {("test", language): 1190 for language in LANGUAGES}
NOTE = (
    "Scored whole. XQuAD has no training part of its own: train and select on English QA that leaves out "
    "its 48 articles of SQuAD's validation set (squadshifts)."
)

TASK = Task(
    name="xquad",
    type="span_qa",
    languages={"test": LANGUAGES},
    files=files,
    read=read,
    metrics=("f1", "exact_match"),
    rows=ROWS,
    licence="CC BY-SA 4.0",
    citation="Artetxe et al. 2020, On the Cross-lingual Transferability of Monolingual Representations (ACL)",
    splits_note=NOTE,
    editions=(
        hub_edition(
            Hub("google/xquad", "51adfef1c1287aab1d2d91b5bead9bcfb9c68583"),
            parquet_file("xquad.{language}", {"test": "validation"}),
            SQUAD_COLUMNS,
            squad_row,
            {"test": LANGUAGES},
            ROWS,
            NOTE,
        ),
    ),
)
