"""QQP: do two questions of Quora ask the same?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.seeds import held_out
from xstilts.sources.jsonl import Record
from xstilts.sources.lines import check_label
from xstilts.sources.overlap import connected, fingerprint
from xstilts.sources.places import Hub
from xstilts.sources.tsv import read_tsv
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Row, Task

LABELS = ("0", "1")
# What GLUE, and so the hub, calls them.
GLUE_LABELS = ("not_duplicate", "duplicate")
DEV_SHARE = 0.05
COLUMNS = ("label", "question1", "question2", "id")


def files(split: str, language: str) -> tuple[str, ...]:
    """The two files of 10,000 pairs that circulate; both parts are drawn from both."""
    return ("qqp/dev.tsv", "qqp/test.tsv")


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of ``train`` or ``dev``; pairs linked by shared questions stay together."""
    found: list[tuple[str, str, str, str]] = []
    for name in files(split, language):
        for line, (label, first, second, identifier) in read_tsv(root / name, COLUMNS, cut_characters=True):
            found.append((identifier, first, second, check_label(root / name, line, label, LABELS)))
    groups = connected([{fingerprint(first), fingerprint(second)} for _, first, second, _ in found])
    for (identifier, first, second, label), group in zip(found, groups, strict=True):
        if held_out(found[group][0], DEV_SHARE, "qqp") == (split == "dev"):
            yield {"id": identifier, "language": language, "text_a": first, "text_b": second, "label": label}


def _hub_row(record: Record, language: str) -> dict[str, Any]:
    label = check_label(record.path, record.line, record.get("label", str), GLUE_LABELS)
    return {
        "id": str(record.get("idx", int)),
        "text_a": record.get("question1", str),
        "text_b": record.get("question2", str),
        "label": LABELS[GLUE_LABELS.index(label)],
    }


ENGLISH = {"train": ("en",), "dev": ("en",)}

TASK = Task(
    name="qqp",
    type="classification",
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    rows={("train", "en"): 19_035, ("dev", "en"): 965},
    licence="Quora's terms of service (non-commercial)",
    citation="Iyer et al. 2017, First Quora Dataset Release: Question Pairs; split of Wang et al. 2019, GLUE (ICLR)",
    splits_note="Both parts come from two files of 10,000 pairs that Wang et al. 2017 drew as validation and test "
    "sets: about 5 % of the groups of pairs that share a question form dev. GLUE's training file is not used.",
    editions=(
        hub_edition(
            Hub("nyu-mll/glue", "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"),
            parquet_file("qqp", {"train": "train", "dev": "validation"}),
            ("idx", "question1", "question2", "label"),
            _hub_row,
            ENGLISH,
            {("train", "en"): 363_846, ("dev", "en"): 40_430},
            "GLUE's training and validation files.",
            {"label": GLUE_LABELS},
        ),
    ),
)
