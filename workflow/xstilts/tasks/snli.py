"""SNLI: English natural language inference on image captions."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.nli import LABELS, read_nli
from xstilts.sources.overlap import fingerprint
from xstilts.tasks.base import Row, Task

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


TASK = Task(
    name="snli",
    type="classification",
    languages={"train": ("en",), "dev": ("en",)},
    files=files,
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    rows={("train", "en"): 18_641, ("dev", "en"): 1025},
    licence="CC BY-SA 4.0",
    citation="Bowman et al. 2015, A Large Annotated Corpus for Learning Natural Language Inference (EMNLP)",
    splits_note="Both parts come from the published validation and test files (19,666 labelled pairs; the 549,367 "
    "training pairs are not used): premises are hashed, and about 5 % of them form dev.",
)
