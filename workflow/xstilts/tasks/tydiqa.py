"""TyDiQA-GoldP: questions asked by speakers of 9 languages, on a passage that answers them."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.jsonl import Record
from xstilts.sources.overlap import fingerprint
from xstilts.sources.parquet import read_parquet
from xstilts.sources.squad import read_squad
from xstilts.tasks._editions import SQUAD_COLUMNS, XTREME, squad_row
from xstilts.tasks.base import Edition, Row, Task

# What the publishers call the languages, in file names and ids.
NAMES = {
    **{"ar": "arabic", "bn": "bengali", "en": "english", "fi": "finnish", "id": "indonesian"},
    **{"ko": "korean", "ru": "russian", "sw": "swahili", "te": "telugu"},
}
TEST_SHARE, DEV_SHARE = 0.15, 0.05
FOLDER = "tydiqa/tydiqa-goldp-v1.1-train"


def files(split: str, language: str) -> tuple[str, ...]:
    """The training file of a language, as XTREME's download script divides it."""
    return (f"{FOLDER}/tydiqa.goldp.{language}.train.json",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a split; English passages are divided among the three."""
    for row in _training_rows(root, language):
        if language != "en" or _part(fingerprint(row["context"])) == split:
            yield row


def published_files(split: str, language: str) -> tuple[str, ...]:
    """The training file, and for ``test`` the validation file of a language."""
    if split == "test":
        return (f"tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-{NAMES[language]}.json",)
    return files(split, language)


def read_published(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a split; a part of the training file selects."""
    if split == "test":
        yield from (question.row(language) for question in read_squad(root / published_files(split, language)[0]))
        return
    for row in _training_rows(root, language):
        if _selects(row["context"]) == (split == "dev"):
            yield row


def hub_files(split: str, language: str) -> tuple[str, ...]:
    """The file of all languages."""
    return (f"tydiqa/{'validation' if split == 'test' else 'train'}-00000-of-00001.parquet",)


def read_hub(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a split; an id begins with its language."""
    for record in read_parquet(root / hub_files(split, language)[0], SQUAD_COLUMNS):
        if not _asked_in(record, language):
            continue
        if split == "test" or _selects(record.get("context", str)) == (split == "dev"):
            yield {"language": language, **squad_row(record, language)}


def _training_rows(root: Path, language: str) -> Iterator[Row]:
    """The training file's questions; ids count them, for those of XTREME's script do not tell questions apart."""
    for number, question in enumerate(read_squad(root / files("train", language)[0]), start=1):
        yield question.row(language) | {"id": f"{language}-{number}"}


def _asked_in(record: Record, language: str) -> bool:
    return str(record.get("id", str)).startswith(f"{NAMES[language]}-")


def _part(context: str) -> str:
    if held_out(context, TEST_SHARE, "tydiqa", "test"):
        return "test"
    return "dev" if held_out(context, DEV_SHARE / (1 - TEST_SHARE), "tydiqa", "dev") else "train"


def _selects(context: str) -> bool:
    return held_out(fingerprint(context), DEV_SHARE, "tydiqa", "published")


SPLITS = {"train": ("en",), "dev": ("en",), "test": tuple(NAMES)}
TEST_ROWS = {"ar": 921, "bn": 113, "en": 440, "fi": 782, "id": 565, "ko": 276, "ru": 812, "sw": 499, "te": 669}
PUBLISHED_ROWS = {("test", language): rows for language, rows in TEST_ROWS.items()}
PUBLISHED = (
    "Scored on the published validation files. English train and dev are the published English training questions "
    "(3,696), of whose passages about 5 %, chosen by hash, form dev."
)

TASK = Task(
    name="tydiqa",
    type="span_qa",
    languages={"train": ("en",), "dev": ("en",), "test": ("en", "ko", "sw")},
    files=files,
    read=read,
    metrics=("f1", "exact_match"),
    rows={("train", "en"): 3012, ("dev", "en"): 165, ("test", "en"): 519, ("test", "ko"): 1625, ("test", "sw"): 2755},
    licence="Apache-2.0",
    citation="Clark et al. 2020, TyDi QA: A Benchmark for Information-Seeking Question Answering in Typologically "
    "Diverse Languages (TACL); gold passages as in Hu et al. 2020, XTREME (ICML)",
    splits_note="All parts come from the published training files; the validation files are not there. Of the English "
    "passages (3,696 questions) about 80 % train, 5 % select and 15 % are scored; Korean and Swahili are scored whole. "
    "The other languages are not covered.",
    editions=(
        Edition("published", "data_dir", SPLITS, published_files, read_published, PUBLISHED_ROWS, PUBLISHED),
        Edition("hub", "hub", SPLITS, hub_files, read_hub, PUBLISHED_ROWS, PUBLISHED, hub=XTREME),
    ),
)
