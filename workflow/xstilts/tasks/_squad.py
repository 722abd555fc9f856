"""What the two SQuAD tasks have in common."""

from collections.abc import Callable, Iterator
from pathlib import Path

from xstilts.seeds import held_out
from xstilts.sources.overlap import fingerprint
from xstilts.sources.places import Download, Hub
from xstilts.sources.squad import read_squad
from xstilts.tasks._editions import SQUAD_COLUMNS, hub_edition, parquet_file, squad_row
from xstilts.tasks.base import Edition, Row

DEV_SHARE = 0.05
ENGLISH = {"train": ("en",), "dev": ("en",)}
ADDRESS = "https://rajpurkar.github.io/SQuAD-explorer/dataset/"

# Test sets made of passages of the validation file's articles.
OVERLAPS = ("xquad", "xquad_r")
PUBLISHED = (
    "The published training and validation files. XQuAD and XQuAD-R are made from the validation file, so English dev "
    "selects on articles that they score in English."
)


def validation_reader(name: str, version: str) -> Callable[[Path, str, str], Iterator[Row]]:
    """A reader that divides the validation file: passages are hashed, and about 5 % of them form dev."""

    def read(root: Path, split: str, language: str) -> Iterator[Row]:
        for question in read_squad(root / f"squad/dev-{version}.json"):
            if held_out(fingerprint(question.context), DEV_SHARE, name) == (split == "dev"):
                yield question.row(language)

    return read


def published_editions(
    version: str, hub: Hub, config: str, sizes: dict[str, int], downloads: dict[str, Download]
) -> tuple[Edition, ...]:
    """The published files, from the user's folder, the hub and the publisher's site."""

    def files(split: str, language: str) -> tuple[str, ...]:
        return (f"squad/{split}-{version}.json",)

    def read(root: Path, split: str, language: str) -> Iterator[Row]:
        for question in read_squad(root / files(split, language)[0]):
            yield question.row(language)

    rows = {(split, "en"): size for split, size in sizes.items()}
    return (
        Edition("published", "data_dir", ENGLISH, files, read, rows, PUBLISHED),
        hub_edition(
            hub,
            parquet_file(config, {"train": "train", "dev": "validation"}),
            SQUAD_COLUMNS,
            squad_row,
            ENGLISH,
            rows,
            PUBLISHED,
        ),
        Edition("url", "url", ENGLISH, files, read, rows, PUBLISHED, downloads=downloads),
    )
