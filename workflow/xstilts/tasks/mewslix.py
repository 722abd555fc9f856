"""Mewsli-X: which of a million entities does a mention in a news article mean, in 11 languages."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.sources.jsonl import Record, read_jsonl
from xstilts.sources.lines import bad_row
from xstilts.tasks.base import MULTILINGUAL, POOL, Row, Task

# Mentions of the test file in the release mewsli-x_20220518_6.
MENTIONS = {
    **{"ar": 1501, "de": 1551, "en": 1490, "es": 1552, "fa": 458, "ja": 1519, "pl": 1562},
    **{"ro": 672, "ta": 1567, "tr": 1215, "uk": 1537},
}
ENTITIES = 1_003_893

# XTREME-R's preprocessing (``utils_mewslix.py``) marks the mention in its sentence, where it writes braces anew.
OPEN, CLOSE = "{", "}"
_BRACES = re.compile(r"\{(.*?)\}")


def files(split: str, language: str) -> tuple[str, ...]:
    """The candidate set, or the mentions of all languages."""
    return ("mewslix/candidate_set_entities.jsonl" if split == POOL else "mewslix/wikinews_mentions-test.jsonl",)


def read(root: Path, split: str, language: str) -> Iterator[Row]:
    """Yield the entities by their descriptions, or the mentions of a language: each, and its sentence with it."""
    for record in read_jsonl(root / files(split, language)[0]):
        if split == POOL:
            yield {
                "id": record.get("entity_id", str),
                "language": record.get("description_language", str),
                "text": _description(record),
                "context": "",
                "gold": [],
            }
        elif record.nested("context").get("language", str) == language:
            yield from _mentions(record, language)


def _mentions(record: Record, language: str) -> Iterator[Row]:
    article = record.nested("context")
    text = article.get("text", str)
    if not text:
        what = "the article has no text"
        raise bad_row(record.path, record.line, what, "fill it in with the publisher's script get-mewsli-x.sh")
    for index, value in enumerate(record.get("mentions", list)):
        mention = Record(record.path, record.line, value, f"mentions[{index}].")
        span = mention.nested("mention_span")
        start, end = span.get("start", int), span.get("end", int)
        if text[start:end] != span.get("text", str):
            raise bad_row(record.path, record.line, f"{span.part} is not at {start}", "correct the offsets")
        yield {
            "id": mention.get("example_id", str),
            "language": language,
            "text": _marked(text, start, end, article.get("sentence_spans", list)),
            "context": "",
            "gold": [mention.get("entity_id", str)],
        }


def _description(record: Record) -> str:
    """The sentences of an entity's description; its title where it has none."""
    text = record.get("description", str)
    bounds = map(_bounds, record.get("sentence_spans", list))
    return _on_one_line(" ".join(text[start:end] for start, end in bounds)) or record.get("title", str)


def _marked(text: str, start: int, end: int, spans: list[Any]) -> str:
    """The mention and the sentence around it, or the whole text where no span holds it."""
    bounds = [_bounds(span) for span in spans]
    first, last = next(((a, b) for a, b in bounds if a <= start and end <= b), (0, len(text)))
    before, after = (_BRACES.sub(r"(\1)", part) for part in (text[first:start], text[end:last]))
    mention = text[start:end]
    return _on_one_line(f"{mention}: {before} {OPEN} {mention} {CLOSE} {after}")


def _on_one_line(text: str) -> str:
    return " ".join(text.splitlines()).replace("  ", " ").strip()


def _bounds(span: Any) -> tuple[int, int]:
    return (span["start"], span["end"]) if isinstance(span, dict) else (span[0], span[1])


TASK = Task(
    name="mewslix",
    type="pool_retrieval",
    languages={"test": tuple(MENTIONS), POOL: (MULTILINGUAL,)},
    files=files,
    read=read,
    metrics=("map_20",),
    rows={("test", language): rows for language, rows in MENTIONS.items()} | {(POOL, MULTILINGUAL): ENTITIES},
    licence="CC BY-SA 3.0 (Wikipedia), CC BY 2.5 (Wikinews)",
    citation="Ruder et al. 2021, XTREME-R: Towards More Challenging and Nuanced Multilingual Evaluation (EMNLP)",
    splits_note="Scored on the test file of release mewsli-x_20220518_6, against all of its entities; the numbers of "
    "the paper are from an earlier sample and not comparable. Mentions and entities read as XTREME-R's script writes "
    "them.",
    version=2,
)
