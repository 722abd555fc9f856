"""PAWS-X: adversarial paraphrase identification in 7 languages."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.seeds import held_out
from xstilts.sources.jsonl import Record
from xstilts.sources.lines import bad_row, check_label
from xstilts.sources.overlap import connected
from xstilts.sources.places import Hub
from xstilts.sources.tsv import read_tsv
from xstilts.tasks._editions import hub_edition, parquet_file
from xstilts.tasks.base import Row, Task

# The scored rows that are translated.
TEST_ROWS = {"de": 617, "en": 631, "es": 620, "fr": 630, "ja": 624, "ko": 622, "zh": 627}
LABELS = ("0", "1")
TEST_SHARE, DEV_SHARE = 0.3, 0.1

# What the publishers wrote for a sentence that was not translated; such a pair has no true label.
_NOT_TRANSLATED = "NS"
# Share of words that two pairs have in common from which they count as versions of the same pair.
_SAME = 0.5

Pair = tuple[str, str, str]


def files(split: str, language: str) -> tuple[str, ...]:
    """The validation file of a language, and the English one, whose rows decide the split."""
    return tuple(dict.fromkeys((f"pawsx/dev-{language}.tsv", "pawsx/dev-en.tsv")))


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the pairs of a split; the id is the line number, which is the same in every language."""
    names = files(split, language)
    path, english_path = root / names[0], root / names[-1]
    pairs, english = _pairs(path), _pairs(english_path)
    if len(pairs) != len(english):
        what = f"{len(pairs)} rows, but {english_path} has {len(english)}"
        raise bad_row(path, len(pairs), what, "the files must be parallel; download them again")
    parts = _parts(english)
    for line, (pair, original, part) in enumerate(zip(pairs, english, parts, strict=True), start=1):
        if part != split or _NOT_TRANSLATED in pair:
            continue
        if pair[2] != original[2]:
            what = f"label {pair[2]}, but line {line} of {english_path} has {original[2]}"
            raise bad_row(path, line, what, "the files must be parallel; download them again")
        yield {"id": str(line), "language": language, "text_a": pair[0], "text_b": pair[1], "label": pair[2]}


def _pairs(path: Path) -> tuple[Pair, ...]:
    rows = read_tsv(path, ("sentence1", "sentence2", "label"))
    return tuple((first, second, check_label(path, line, label, LABELS)) for line, (first, second, label) in rows)


@functools.lru_cache(maxsize=1)
def _parts(pairs: tuple[Pair, ...]) -> list[str]:
    """The split of each pair: pairs made from the same sentence, as PAWS makes several, go to the same one."""
    return [_part(str(group + 1)) for group in connected(_links(pairs))]


def _part(group: str) -> str:
    if held_out(group, TEST_SHARE, "pawsx", "test"):
        return "test"
    return "dev" if held_out(group, DEV_SHARE / (1 - TEST_SHARE), "pawsx", "dev") else "train"


def _links(pairs: tuple[Pair, ...]) -> list[set[object]]:
    """Keys that versions of a pair share: the words of a sentence in any order, or a mutual near-copy."""
    keys: list[set[object]] = []
    bags: list[frozenset[str]] = []
    for index, (first, second, _) in enumerate(pairs):
        sentences = [re.findall(r"\w+", text.casefold()) for text in (first, second)]
        keys.append({tuple(sorted(words)) for words in sentences})
        bags.append(frozenset(sentences[0]) | frozenset(sentences[1]))
        for other in range(index):
            common = len(bags[other] & bags[index])
            if common >= _SAME * (len(bags[other]) + len(bags[index]) - common):
                keys[other].add((other, index))
                keys[index].add((other, index))
    return keys


def _hub_row(record: Record, language: str) -> dict[str, Any]:
    return {
        "id": str(record.get("id", int)),
        "text_a": record.get("sentence1", str),
        "text_b": record.get("sentence2", str),
        "label": check_label(record.path, record.line, record.get("label", str), LABELS),
    }


TASK = Task(
    name="pawsx",
    type="classification",
    languages={"train": ("en",), "dev": ("en",), "test": tuple(TEST_ROWS)},
    files=files,
    read=read,
    metrics=("accuracy",),
    labels=LABELS,
    rows={("train", "en"): 1166, ("dev", "en"): 203} | {("test", code): rows for code, rows in TEST_ROWS.items()},
    licence="free for any purpose (Google LLC, with attribution)",
    citation="Yang et al. 2019, PAWS-X: A Cross-lingual Adversarial Dataset for Paraphrase Identification (EMNLP)",
    splits_note="All parts come from the published validation files (2,000 rows per language; the 49,401 English "
    "training pairs are not used): about 60 % of the rows train and 10 % select in English, and about 30 % are scored "
    "in every language. The split is by row, the same rows in every language, and pairs made from the same sentence "
    "(English pairs that share a sentence's words, or half of all their words) stay together. Rows with a sentence "
    'that was not translated ("NS") are left out of their language.',
    editions=(
        hub_edition(
            Hub("google-research-datasets/paws-x", "4cd8187c404bda33cb1f62b49b001115862acf37"),
            parquet_file("{language}", {"train": "train", "dev": "validation", "test": "test"}),
            ("id", "sentence1", "sentence2", "label"),
            _hub_row,
            {"train": ("en",), "dev": ("en",), "test": tuple(TEST_ROWS)},
            {("train", "en"): 49_401, ("dev", "en"): 2000} | {("test", code): 2000 for code in TEST_ROWS},
            "Scored on the published test files; English train and dev are the published ones.",
            {"label": LABELS},
        ),
    ),
)
