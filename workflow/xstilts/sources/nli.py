"""Natural language inference files as SNLI and MultiNLI publish them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.sources.jsonl import Record, read_jsonl
from xstilts.sources.lines import check_label

LABELS = ("entailment", "neutral", "contradiction")

# The publishers' mark for pairs on which the annotators did not agree; they are not part of the published counts.
_NO_CONSENSUS = "-"


def read_nli(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the labelled pairs of a JSONL file as English ``classification`` rows, with file name and line as id.

    Raises:
        DataError: a line is malformed or its label unknown.
    """
    for record in read_jsonl(path):
        label = record.get("gold_label", str)
        if label == _NO_CONSENSUS:
            continue
        yield {
            "id": f"{path.stem}-{record.line}",
            "language": "en",
            "text_a": record.get("sentence1", str),
            "text_b": record.get("sentence2", str),
            "label": check_label(path, record.line, label, LABELS),
        }


def nli_row(record: Record, language: str) -> dict[str, Any] | None:
    """A ``classification`` row of a record with the hub's columns; None for one without a label."""
    if not record.get("label", str):
        return None
    return {
        "text_a": record.get("premise", str),
        "text_b": record.get("hypothesis", str),
        "label": check_label(record.path, record.line, record.get("label", str), LABELS),
    }
