"""What the two tagging tasks have in common: XTREME's files and the way English is divided."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xstilts.seeds import held_out
from xstilts.sources.conll import Sentence, read_conll
from xstilts.sources.jsonl import Record
from xstilts.sources.lines import check_label
from xstilts.tasks.base import Edition, Row

DEV_SHARE = 0.05

Files = Callable[[str, str], tuple[str, ...]]
Read = Callable[[Path, str, str], Iterator[Row]]


def tagging_files(folder: str) -> Files:
    """``test`` is the validation file of a language; English ``train`` and ``dev`` also look at what is scored."""

    def files(split: str, language: str) -> tuple[str, ...]:
        scored = f"{folder}/dev-{language}.tsv"
        return (scored,) if split == "test" else (f"{folder}/train-{language}.tsv", scored)

    return files


def tagging_reader(folder: str, tags: tuple[str, ...]) -> Read:
    """A reader whose ids are the line numbers of the sentences' first tokens.

    ``dev`` is about 5 % of the training file, chosen by the sentence's hash. Sentences that are scored too (both
    corpora repeat short ones) belong to neither ``train`` nor ``dev``.
    """
    files = tagging_files(folder)

    def read(root: Path, split: str, language: str) -> Iterator[Row]:
        paths = [root / name for name in files(split, language)]
        if split == "test":
            yield from (_row(sentence, language) for sentence in read_conll(paths[0], tags))
            return
        scored = {tuple(sentence.tokens) for sentence in read_conll(paths[1], tags)}
        for sentence in read_conll(paths[0], tags):
            dev = held_out(" ".join(sentence.tokens), DEV_SHARE, folder)
            if dev == (split == "dev") and tuple(sentence.tokens) not in scored:
                yield _row(sentence, language)

    return read


def gold_edition(folder: str, tags: tuple[str, ...], languages: tuple[str, ...]) -> Edition:
    """The benchmark's own splits, for users who have the labels of the test files that XTREME's script withholds.

    They lie beside the others as ``gold-{language}.tsv``, in the same format.
    """
    names = {"train": "train", "dev": "dev", "test": "gold"}

    def files(split: str, language: str) -> tuple[str, ...]:
        return (f"{folder}/{names[split]}-{language}.tsv",)

    def read(root: Path, split: str, language: str) -> Iterator[Row]:
        for sentence in read_conll(root / files(split, language)[0], tags):
            yield _row(sentence, language)

    splits = {"train": ("en",), "dev": ("en",), "test": languages}
    note = "English train and dev are XTREME's. Scored on labelled test files that the user supplies."
    return Edition("gold", "data_dir", splits, files, read, {}, note)


def tag_row(record: Record, tokens: str, tags: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """A ``tagging`` row of a Parquet record."""
    found = [check_label(record.path, record.line, tag, allowed) for tag in record.get(tags, list)]
    return {"tokens": record.get(tokens, list), "tags": found}


def _row(sentence: Sentence, language: str) -> Row:
    return {"id": str(sentence.line), "language": language, "tokens": sentence.tokens, "tags": sentence.tags}
