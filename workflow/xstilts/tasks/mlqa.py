"""MLQA: question answering on Wikipedia passages that exist in several of 7 languages."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.squad import read_squad
from xstilts.tasks._editions import SQUAD_COLUMNS, XTREME, hub_edition, squad_row
from xstilts.tasks.base import Edition, Row, Task

# Questions of the validation and of the test files.
DEV_ROWS = {"ar": 517, "de": 512, "en": 1148, "es": 500, "hi": 507, "vi": 511, "zh": 504}
TEST_ROWS = {"ar": 5335, "de": 4517, "en": 11590, "es": 5253, "hi": 4918, "vi": 5495, "zh": 5137}
LANGUAGES = tuple(DEV_ROWS)


def files(split: str, language: str) -> tuple[str, ...]:
    """The validation file whose questions and passages are in the same language."""
    return (f"mlqa/MLQA_V1/dev/dev-context-{language}-question-{language}.json",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a language; ids are the same in every language that has the question."""
    for question in read_squad(root / files(split, language)[0]):
        yield question.row(language)


def test_files(split: str, language: str) -> tuple[str, ...]:
    """The test file whose questions and passages are in the same language."""
    return (f"mlqa/MLQA_V1/test/test-context-{language}-question-{language}.json",)


def read_test(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the questions of a language's test file."""
    for question in read_squad(root / test_files(split, language)[0]):
        yield question.row(language)


SPLITS = {"test": LANGUAGES}
PUBLISHED_ROWS = {("test", language): rows for language, rows in TEST_ROWS.items()}
PUBLISHED = "Scored on the published test files, same-language pairs only. There is no training part: train on squad."

TASK = Task(
    name="mlqa",
    type="span_qa",
    languages=SPLITS,
    files=files,
    read=read,
    metrics=("mlqa_f1", "mlqa_exact_match"),
    rows={("test", language): rows for language, rows in DEV_ROWS.items()},
    licence="CC BY-SA 3.0",
    citation="Lewis et al. 2020, MLQA: Evaluating Cross-lingual Extractive Question Answering (ACL)",
    splits_note="Scored on the published validation files, same-language pairs only. There is no training part: "
    "train on squad or other English QA.",
    editions=(
        Edition("published", "data_dir", SPLITS, test_files, read_test, PUBLISHED_ROWS, PUBLISHED),
        hub_edition(
            XTREME,
            lambda split, language: (f"MLQA.{language}.{language}/test-00000-of-00001.parquet",),
            SQUAD_COLUMNS,
            squad_row,
            SPLITS,
            PUBLISHED_ROWS,
            PUBLISHED,
        ),
    ),
)
