"""HellaSwag: which of four endings continues an English text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.seeds import held_out
from xstilts.sources.jsonl import Record, read_jsonl
from xstilts.sources.lines import bad_row, check_label
from xstilts.sources.overlap import fingerprint
from xstilts.sources.places import Download, Hub
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Edition, Row, Task

DEV_SHARE = 0.05
N_ENDINGS = 4
LABELS = ("0", "1", "2", "3")


def files(split: str, language: str) -> tuple[str, ...]:
    """The validation file; both parts are drawn from it."""
    return ("hellaswag/hellaswag_val.jsonl",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the contexts of ``train`` or ``dev`` with their endings."""
    path = root / files(split, language)[0]
    for record in read_jsonl(path):
        context, label = record.get("ctx", str), record.get("label", int)
        if not 0 <= label < N_ENDINGS:
            raise bad_row(path, record.line, f"unknown label {label}", f"allowed: 0 to {N_ENDINGS - 1}")
        if held_out(fingerprint(context), DEV_SHARE, "hellaswag") != (split == "dev"):
            continue
        yield {
            "id": str(record.get("ind", int)),
            "language": language,
            "prompt": context,
            "choices": record.texts("endings", N_ENDINGS),
            "label": label,
        }


def published_files(split: str, language: str) -> tuple[str, ...]:
    """The published file of a split."""
    return (f"hellaswag/hellaswag_{'val' if split == 'dev' else split}.jsonl",)


def read_published(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the contexts of a published file."""
    for record in read_jsonl(root / published_files(split, language)[0]):
        yield {"id": str(record.line), "language": language, **_published_row(record, language)}


def _published_row(record: Record, language: str) -> dict[str, Any]:
    """Prompt and choices as jiant builds them: the beginning of the last sentence goes to the endings."""
    # A number in the publisher's files, a digit in the hub's.
    label = check_label(record.path, record.line, str(record.value.get("label")), LABELS)
    begun = record.get("ctx_b", str)
    return {
        "prompt": record.get("ctx_a", str),
        "choices": [f"{begun} {ending}".strip() for ending in record.texts("endings", N_ENDINGS)],
        "label": LABELS.index(label),
    }


ENGLISH = {"train": ("en",), "dev": ("en",)}
PUBLISHED_ROWS = {("train", "en"): 39_905, ("dev", "en"): 10_042}
PUBLISHED = (
    "The published training and validation files. Prompt and choices are divided as in jiant: ctx_a, and ctx_b with "
    "the ending."
)
ADDRESS = "https://github.com/rowanz/hellaswag/raw/master/data/"
DOWNLOADS = {
    "hellaswag/hellaswag_train.jsonl": Download(
        f"{ADDRESS}hellaswag_train.jsonl",
        "dae5e69249868cb9fe4e23ff925c60b66169564cfb7072d793cd7356a2b69f8d",
        47_496_131,
    ),
    "hellaswag/hellaswag_val.jsonl": Download(
        f"{ADDRESS}hellaswag_val.jsonl",
        "0aa3b88843990f3f10a97b9575c94d7b71fb2205240ba04ae4884d9e9c992588",
        12_246_618,
    ),
}

TASK = Task(
    name="hellaswag",
    type="multiple_choice",
    n_choices=N_ENDINGS,
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    rows={("train", "en"): 9548, ("dev", "en"): 494},
    licence="MIT",
    citation="Zellers et al. 2019, HellaSwag: Can a Machine Really Finish Your Sentence? (ACL)",
    splits_note="Both parts come from the published validation file (10,042 contexts; the 39,905 training contexts are "
    "not used): contexts are hashed, and about 5 % of them form dev. Segments of one video or article may fall on both "
    "sides, for the file does not say which belong together.",
    editions=(
        Edition("published", "data_dir", ENGLISH, published_files, read_published, PUBLISHED_ROWS, PUBLISHED),
        hub_edition(
            Hub("Rowan/hellaswag", "218ec52e09a7e7462a5400043bb9a69a41d06b76"),
            parquet_file("data", {"train": "train", "dev": "validation"}),
            ("ctx_a", "ctx_b", "endings", "label"),
            _published_row,
            ENGLISH,
            PUBLISHED_ROWS,
            PUBLISHED,
        ),
        Edition("url", "url", ENGLISH, published_files, read_published, PUBLISHED_ROWS, PUBLISHED, downloads=DOWNLOADS),
    ),
)
