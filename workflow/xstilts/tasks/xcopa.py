"""XCOPA: which of two sentences is the cause or the effect, in 11 languages."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.places import Hub
from xstilts.tasks._copa import COLUMNS, N_CHOICES, copa_row, read_copa
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Row, Task

LANGUAGES = ("et", "ht", "id", "it", "qu", "sw", "ta", "th", "tr", "vi", "zh")


def files(split: str, language: str) -> tuple[str, ...]:
    """The published file of a language."""
    return (f"xcopa/{split}.{language}.jsonl",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a language; ids are the same in every language."""
    yield from read_copa(root / files(split, language)[0], language)


ROWS = {("test", language): 500 for language in LANGUAGES}
NOTE = "Scored on the published test files. There is no training part: train on siqa, copa or other multiple choice."

TASK = Task(
    name="xcopa",
    type="multiple_choice",
    n_choices=N_CHOICES,
    languages={"test": LANGUAGES},
    files=files,
    read=read,
    metrics=("accuracy",),
    rows=ROWS,
    licence="CC BY 4.0",
    citation="Ponti et al. 2020, XCOPA: A Multilingual Dataset for Causal Commonsense Reasoning (EMNLP)",
    splits_note=NOTE,
    editions=(
        hub_edition(
            Hub("cambridgeltl/xcopa", "042f78955ba48e6404616762fa6e05e839c3907a"),
            parquet_file("{language}", {"test": "test"}),
            COLUMNS,
            copa_row,
            {"test": LANGUAGES},
            ROWS,
            NOTE,
        ),
    ),
)
