"""XNLI translate-train: MultiNLI's training pairs, machine-translated into 14 languages by XNLI's publishers."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.lines import check_label
from xstilts.sources.nli import LABELS, nli_row
from xstilts.sources.tsv import read_tsv
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Row, Task
from xstilts.tasks.xnli import HUB, LANGUAGES

TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
# The publishers' files write "contradictory".
WORDS = {**{label: label for label in LABELS}, "contradictory": "contradiction"}
HEADER = ["premise", "hypo", "label"]


def files(split: str, language: str) -> tuple[str, ...]:
    """The publishers' file of a language."""
    return (f"xnli/XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of a language; the id is the line number, which is the same in every language."""
    path = root / files(split, language)[0]
    for line, cells in read_tsv(path, HEADER):
        if line == 1 and cells == HEADER:
            continue
        label = WORDS[check_label(path, line, cells[2], tuple(WORDS))]
        yield {"id": str(line), "language": language, "text_a": cells[0], "text_b": cells[1], "label": label}


SPLITS = {"train": TRANSLATED}
ROWS = {("train", language): 392_702 for language in TRANSLATED}
NOTE = "The published training pairs, translated by machine; there is no dev part: mix with English NLI to select."

TASK = Task(
    name="xnli_translate_train",
    type="classification",
    languages=SPLITS,
    files=files,
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    rows=ROWS,
    licence="CC BY-NC 4.0",
    citation="Conneau et al. 2018, XNLI: Evaluating Cross-lingual Sentence Representations (EMNLP)",
    splits_note=NOTE,
    editions=(
        hub_edition(
            HUB,
            parquet_file("{language}", {"train": "train"}),
            ("premise", "hypothesis", "label"),
            nli_row,
            SPLITS,
            ROWS,
            NOTE,
            {"label": LABELS},
        ),
    ),
)
