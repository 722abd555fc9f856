"""SNLI: English natural language inference on image captions."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.nli import LABELS, nli_row, read_nli
from xstilts.sources.overlap import fingerprint
from xstilts.sources.places import Download, Hub
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Edition, Row, Task

DEV_SHARE = 0.05


def files(split: str, language: str) -> tuple[str, ...]:
    """The validation and the test file; both parts are drawn from both."""
    return ("snli/dev.jsonl", "snli/test.jsonl")


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of ``train`` or ``dev``."""
    for name in files(split, language):
        for row in read_nli(root / name):
            if held_out(fingerprint(row["text_a"]), DEV_SHARE, "snli") == (split == "dev"):
                yield row


def published_files(split: str, language: str) -> tuple[str, ...]:
    """The published file of a split."""
    return (f"snli/{split}.jsonl",)


def read_published(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the labelled pairs of a published file."""
    yield from read_nli(root / published_files(split, language)[0])


ENGLISH = {"train": ("en",), "dev": ("en",)}
PUBLISHED_ROWS = {("train", "en"): 549_367, ("dev", "en"): 9842}
PUBLISHED = "The published training and validation files; pairs without a consensus label are left out."
ADDRESS = "https://nlp.stanford.edu/projects/snli/snli_1.0.zip"
SHA256 = "afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e"

TASK = Task(
    name="snli",
    type="classification",
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    rows={("train", "en"): 18_641, ("dev", "en"): 1025},
    licence="CC BY-SA 4.0",
    citation="Bowman et al. 2015, A Large Annotated Corpus for Learning Natural Language Inference (EMNLP)",
    splits_note="Both parts come from the published validation and test files (19,666 labelled pairs; the 549,367 "
    "training pairs are not used): premises are hashed, and about 5 % of them form dev.",
    editions=(
        Edition("published", "data_dir", ENGLISH, published_files, read_published, PUBLISHED_ROWS, PUBLISHED),
        hub_edition(
            Hub("stanfordnlp/snli", "cdb5c3d5eed6ead6e5a341c8e56e669bb666725b"),
            parquet_file("plain_text", {"train": "train", "dev": "validation"}),
            ("premise", "hypothesis", "label"),
            nli_row,
            ENGLISH,
            PUBLISHED_ROWS,
            PUBLISHED,
            {"label": LABELS},
        ),
        Edition(
            "url",
            "url",
            ENGLISH,
            published_files,
            read_published,
            PUBLISHED_ROWS,
            PUBLISHED,
            downloads={
                f"snli/{split}.jsonl": Download(ADDRESS, SHA256, 94_550_081, f"snli_1.0/snli_1.0_{split}.jsonl")
                for split in ("train", "dev")
            },
        ),
    ),
)
