"""BUCC 2018: which sentences of two monolingual texts translate each other? Most have no translation."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.lines import bad_row
from xstilts.sources.tsv import read_tsv
from xstilts.tasks.base import POOL, Row, Task

LANGUAGES = ("de", "fr", "ru", "zh")


def files(split: str, language: str) -> tuple[str, ...]:
    """A pool is the English file; queries need the gold pairs too, and the English file that they refer to."""
    pair = f"bucc2018/{language}-en.dev"
    return (f"{pair}.en",) if split == POOL else (f"{pair}.{language}", f"{pair}.gold", f"{pair}.en")


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the sentences of a language with their English gold, or the English sentences they are mined among."""
    names = files(split, language)
    gold = {} if split == POOL else _gold(root / names[1], root / names[2])
    spoken = "en" if split == POOL else language
    for _, (identifier, text) in read_tsv(root / names[0], ("id", "sentence")):
        gold_ids = gold.pop(identifier, [])
        yield {"id": identifier, "language": spoken, "text": text, "context": "", "gold": gold_ids}
    if gold:
        what = f"it names {next(iter(gold))}, which {names[0]} has not"
        raise bad_row(root / names[1], 1, what, "the three files belong together; download them again")


def _gold(path: Path, english: Path) -> dict[str, list[str]]:
    """English ids by id, checked against the English file."""
    known = {identifier for _, (identifier, _) in read_tsv(english, ("id", "sentence"))}
    found: dict[str, list[str]] = {}
    for line, (identifier, translation) in read_tsv(path, ("id", "English id")):
        if translation not in known:
            raise bad_row(path, line, f"{english.name} has no {translation!r}", "the files belong together")
        found.setdefault(identifier, []).append(translation)
    return found


TASK = Task(
    name="bucc2018",
    type="pool_retrieval",
    languages={"test": LANGUAGES, POOL: LANGUAGES},
    files=files,
    read=read,
    metrics=("bucc_f1",),
    rows={("test", "zh"): 8624, (POOL, "zh"): 13_589},
    licence="research only (see the shared task)",
    citation="Zweigenbaum et al. 2018, Overview of the Third BUCC Shared Task: Spotting Parallel Sentences in "
    "Comparable Corpora",
    splits_note="Scored on what XTREME calls dev, the published sample with gold pairs (XTREME's test files come "
    "without them). A threshold that is chosen on these pairs is an oracle.",
)
