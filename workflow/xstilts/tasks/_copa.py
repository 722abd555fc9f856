"""What COPA and XCOPA have in common: their records, and the prompt that asks for a cause or an effect."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.sources.jsonl import Record, read_jsonl
from xstilts.sources.lines import bad_row, check_label
from xstilts.tasks.base import Row

# COPA's own wording of the two questions (Roemmele et al. 2011).
QUESTIONS = {"cause": "What was the cause?", "effect": "What happened as a result?"}
N_CHOICES = 2
COLUMNS = ("premise", "choice1", "choice2", "question", "label")


def read_copa(path: Path, language: str) -> Iterator[Row]:
    """Yield the questions of a file; the id is the line number, which is the same in every language."""
    for record in read_jsonl(path):
        yield {"id": str(record.line), "language": language, **copa_row(record, language)}


def copa_row(record: Record, language: str) -> dict[str, Any]:
    """A ``multiple_choice`` row; the question is asked in English whatever the language of the premise."""
    asked = check_label(record.path, record.line, record.get("question", str), tuple(QUESTIONS))
    label = record.get("label", int)
    if label not in range(N_CHOICES):
        raise bad_row(record.path, record.line, f"unknown label {label}", "allowed: 0, 1")
    return {
        "prompt": f"{record.get('premise', str)} {QUESTIONS[asked]}",
        "choices": [record.get("choice1", str), record.get("choice2", str)],
        "label": label,
    }
