"""MultiNLI: English natural language inference in several genres."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.nli import LABELS, nli_row, read_nli
from xstilts.sources.overlap import fingerprint
from xstilts.sources.places import Hub
from xstilts.sources.tsv import read_tsv
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Edition, Row, Task

DEV_SHARE = 0.05


def files(split: str, language: str) -> tuple[str, ...]:
    """The matched validation file, and the English file that XNLI scores, whose premises are left out."""
    return ("mnli/dev_matched.jsonl", "xnli/dev-en.tsv")


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of ``train`` or ``dev``."""
    own, scored = (root / name for name in files(split, language))
    columns = ("premise", "hypothesis", "label")
    scored_premises = {fingerprint(premise) for _, (premise, _, _) in read_tsv(scored, columns)}
    for row in read_nli(own):
        premise = fingerprint(row["text_a"])
        if premise not in scored_premises and held_out(premise, DEV_SHARE, "mnli") == (split == "dev"):
            yield row


def published_files(split: str, language: str) -> tuple[str, ...]:
    """The published training file, and the matched validation file."""
    return ("mnli/train.jsonl" if split == "train" else "mnli/dev_matched.jsonl",)


def read_published(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of a published file."""
    yield from read_nli(root / published_files(split, language)[0])


ENGLISH = {"train": ("en",), "dev": ("en",)}
PUBLISHED_ROWS = {("train", "en"): 392_702, ("dev", "en"): 9815}
PUBLISHED = "The published training file and matched validation file, whole."

TASK = Task(
    name="mnli",
    type="classification",
    languages=ENGLISH,
    files=files,
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    # 9,815 less the three pairs of a premise that XNLI has too.
    rows={("train", "en"): 9295, ("dev", "en"): 517},
    licence="OANC (most of it; see Williams et al. 2018)",
    citation="Williams et al. 2018, A Broad-Coverage Challenge Corpus for Sentence Understanding through Inference "
    "(NAACL)",
    splits_note="Both parts come from the published matched validation file (9,815 pairs; the 392,702 training pairs "
    "are not used): premises are hashed, about 5 % of them form dev, and premises that XNLI scores are left out.",
    editions=(
        Edition("published", "data_dir", ENGLISH, published_files, read_published, PUBLISHED_ROWS, PUBLISHED),
        hub_edition(
            Hub("nyu-mll/multi_nli", "da70db2af9d09693783c3320c4249840212ee221"),
            parquet_file("data", {"train": "train", "dev": "validation_matched"}),
            ("premise", "hypothesis", "label"),
            nli_row,
            ENGLISH,
            PUBLISHED_ROWS,
            PUBLISHED,
            {"label": LABELS},
        ),
    ),
)
