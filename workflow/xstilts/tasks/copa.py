"""COPA: which of two English sentences is the cause or the effect."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.places import Hub
from xstilts.tasks._copa import COLUMNS, N_CHOICES, copa_row, read_copa
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Row, Task


def files(split: str, language: str) -> tuple[str, ...]:
    """The English file of a split, where XTREME's download script puts it."""
    return (f"xcopa/{'val' if split == 'dev' else split}.{language}.jsonl",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of ``train`` or ``dev``."""
    yield from read_copa(root / files(split, language)[0], language)


ENGLISH = {"train": ("en",), "dev": ("en",)}
ROWS = {("train", "en"): 400, ("dev", "en"): 100}
NOTE = "SuperGLUE's training and validation files."

TASK = Task(
    name="copa",
    type="multiple_choice",
    n_choices=N_CHOICES,
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    rows=ROWS,
    licence="BSD 2-Clause",
    citation="Roemmele et al. 2011, Choice of Plausible Alternatives (AAAI Spring Symposium); split of Wang et al. "
    "2019, SuperGLUE (NeurIPS)",
    splits_note=NOTE,
    editions=(
        hub_edition(
            Hub("aps/super_glue", "3de24cf8022e94f4ee4b9d55a6f539891524d646"),
            parquet_file("copa", {"train": "train", "dev": "validation"}),
            COLUMNS,
            copa_row,
            ENGLISH,
            ROWS,
            NOTE,
        ),
    ),
)
