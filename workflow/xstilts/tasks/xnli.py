"""XNLI: natural language inference in 15 languages."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.lines import check_label
from xstilts.sources.nli import LABELS, nli_row
from xstilts.sources.places import Hub
from xstilts.sources.tsv import read_tsv
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Row, Task

LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")


def files(split: str, language: str) -> tuple[str, ...]:
    """The validation file of a language."""
    return (f"xnli/dev-{language}.tsv",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of a language; the id is the line number, which is the same in every language."""
    path = root / files(split, language)[0]
    for line, (premise, hypothesis, label) in read_tsv(path, ("premise", "hypothesis", "label")):
        yield {
            "id": str(line),
            "language": language,
            "text_a": premise,
            "text_b": hypothesis,
            "label": check_label(path, line, label, LABELS),
        }


HUB = Hub("facebook/xnli", "b8dd5d7af51114dbda02c0e3f6133f332186418e")

TASK = Task(
    name="xnli",
    type="classification",
    languages={"test": LANGUAGES},
    files=files,
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    parallel=True,
    rows={("test", language): 2490 for language in LANGUAGES},
    licence="CC BY-NC 4.0",
    citation="Conneau et al. 2018, XNLI: Evaluating Cross-lingual Sentence Representations (EMNLP)",
    splits_note="Scored on the published validation files, for the test labels are not in XTREME's download. XNLI has "
    "no training part of its own: train and select on English NLI (mnli, snli).",
    editions=(
        hub_edition(
            HUB,
            parquet_file("{language}", {"test": "test"}),
            ("premise", "hypothesis", "label"),
            nli_row,
            {"test": LANGUAGES},
            {("test", language): 5010 for language in LANGUAGES},
            "Scored on the published test files. XNLI has no training part of its own: train on English NLI (mnli).",
            {"label": LABELS},
        ),
    ),
)
