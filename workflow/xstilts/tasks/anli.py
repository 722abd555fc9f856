"""ANLI: English natural language inference collected against models, in three rounds."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.jsonl import read_jsonl
from xstilts.sources.lines import check_label
from xstilts.sources.nli import LABELS, nli_row
from xstilts.sources.overlap import fingerprint
from xstilts.sources.places import Download, Hub
from xstilts.tasks._editions import hub_edition
from xstilts.tasks.base import Edition, Row, Task

ROUNDS = ("R1", "R2", "R3")
DEV_SHARE = 0.05
LETTERS = {"e": "entailment", "n": "neutral", "c": "contradiction"}


def files(split: str, language: str) -> tuple[str, ...]:
    """The validation files of the three rounds; both parts are drawn from them."""
    return published_files("dev", language)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of ``train`` or ``dev``."""
    for row in read_published(root, "dev", language):
        if held_out(fingerprint(row["text_a"]), DEV_SHARE, "anli") == (split == "dev"):
            yield row


def published_files(split: str, language: str) -> tuple[str, ...]:
    """The published files of a split."""
    return tuple(f"anli/{number}/{split}.jsonl" for number in ROUNDS)


def read_published(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of the three rounds; ids name round and line."""
    for number, name in zip(ROUNDS, published_files(split, language), strict=True):
        path = root / name
        for record in read_jsonl(path):
            letter = check_label(path, record.line, record.get("label", str), tuple(LETTERS))
            yield {
                "id": f"{number}-{record.line}",
                "language": language,
                "text_a": record.get("context", str),
                "text_b": record.get("hypothesis", str),
                "label": LETTERS[letter],
            }


ENGLISH = {"train": ("en",), "dev": ("en",)}
PUBLISHED_ROWS = {("train", "en"): 162_865, ("dev", "en"): 3200}
PUBLISHED = "The published training and validation files of the three rounds, one after another."
ADDRESS = "https://dl.fbaipublicfiles.com/anli/anli_v0.1.zip"
SHA256 = "16ac929a7e90ecf9093deaec89cc81fe86a379265a5320a150028efe50c5cde8"

TASK = Task(
    name="anli",
    type="classification",
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    rows={("train", "en"): 3028, ("dev", "en"): 170},
    licence="CC BY-NC 4.0",
    citation="Nie et al. 2020, Adversarial NLI: A New Benchmark for Natural Language Understanding (ACL)",
    splits_note="Both parts come from the published validation files of the three rounds (the 162,865 training pairs "
    "are not there): premises are hashed, and about 5 % of them form dev.",
    editions=(
        Edition("published", "data_dir", ENGLISH, published_files, read_published, PUBLISHED_ROWS, PUBLISHED),
        hub_edition(
            # The commit that replaced a loading script by these files; earlier ones have the script alone.
            Hub("facebook/anli", "8e4813d81f46d313dac7892e1c28076917cfcdf9"),
            lambda split, language: tuple(f"plain_text/{split}_{n.lower()}-00000-of-00001.parquet" for n in ROUNDS),
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
                f"anli/{number}/{split}.jsonl": Download(
                    ADDRESS, SHA256, 18_621_352, f"anli_v0.1/{number}/{split}.jsonl"
                )
                for number in ROUNDS
                for split in ("train", "dev")
            },
        ),
    ),
)
