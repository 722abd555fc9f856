"""Tatoeba: sentences in 41 languages, each with its English translation to be found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.sources.jsonl import Record
from xstilts.sources.lines import bad_row
from xstilts.sources.tsv import read_tsv
from xstilts.tasks._editions import XTREME, hub_edition
from xstilts.tasks.base import Row, Task

# The files are named by ISO 639-3 codes.
CODES = {
    **{"af": "afr", "ar": "ara", "bg": "bul", "bn": "ben", "de": "deu", "el": "ell", "es": "spa", "et": "est"},
    **{"eu": "eus", "fa": "pes", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun", "id": "ind"},
    **{"it": "ita", "ja": "jpn", "jv": "jav", "ka": "kat", "kk": "kaz", "ko": "kor", "ml": "mal", "mr": "mar"},
    **{"nl": "nld", "pt": "por", "ru": "rus", "sw": "swh", "ta": "tam", "te": "tel", "th": "tha", "tl": "tgl"},
    **{"tr": "tur", "ur": "urd", "vi": "vie", "zh": "cmn"},
}
# XTREME-R's addition to XTREME's 36.
CODES_R = {"az": "aze", "lt": "lit", "pl": "pol", "ro": "ron", "uk": "ukr"}
ALL_CODES = CODES | CODES_R

# The languages with fewer than 1,000 sentences.
FEWER = {"jv": 205, "ka": 746, "kk": 575, "ml": 687, "sw": 390, "ta": 307, "te": 234, "th": 548}


def files(split: str, language: str) -> tuple[str, ...]:
    """The sentences of a language, and their English translations line by line."""
    code = ALL_CODES[language]
    return (f"tatoeba/tatoeba.{code}-eng.{code}", f"tatoeba/tatoeba.{code}-eng.eng")


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the sentence pairs; the id is the line number."""
    path, english_path = (root / name for name in files(split, language))
    texts, english = list(read_tsv(path, ("sentence",))), list(read_tsv(english_path, ("sentence",)))
    if len(texts) != len(english):
        shorter = min(len(texts), len(english))
        what = f"{len(texts)} lines, but {english_path} has {len(english)}"
        raise bad_row(path, shorter + 1, what, "the two files pair line by line; download them again")
    for (line, (text,)), (_, (translation,)) in zip(texts, english, strict=True):
        yield {"id": str(line), "language": language, "text": text, "english": translation}


def _hub_row(record: Record, language: str) -> dict[str, Any]:
    """The hub's sentences are the files' lines with their ends."""
    columns = {"text": "source_sentence", "english": "target_sentence"}
    return {name: record.get(column, str).removesuffix("\n") for name, column in columns.items()}


TASK = Task(
    name="tatoeba",
    type="retrieval",
    languages={"test": tuple(ALL_CODES)},
    files=files,
    read=read,
    metrics=("accuracy",),
    rows={("test", language): FEWER.get(language, 1000) for language in ALL_CODES},
    licence="CC BY 2.0",
    citation="Artetxe and Schwenk 2019, Massively Multilingual Sentence Embeddings for Zero-Shot Cross-Lingual "
    "Transfer and Beyond (TACL)",
    layout="LASER's data/tatoeba/v1",
    splits_note="Scored whole; nothing is trained.",
    editions=(
        hub_edition(
            XTREME,
            lambda split, language: (f"tatoeba.{CODES[language]}/validation-00000-of-00001.parquet",),
            ("source_sentence", "target_sentence"),
            _hub_row,
            {"test": tuple(CODES)},
            {("test", language): FEWER.get(language, 1000) for language in CODES},
            "XTREME's 36 languages, scored whole; nothing is trained.",
        ),
    ),
)
