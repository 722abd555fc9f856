"""Question answering files in SQuAD's JSON format (Rajpurkar et al. 2016, 2018)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from xstilts.errors import DataError
from xstilts.sources.lines import LABELS_MEND, LABELS_REMOVED, TYPE_NAMES, bad_row, read_lines, shown


class Question(NamedTuple):
    """A question with its passage; offsets count Unicode code points, and no answer means unanswerable."""

    id: str
    title: str
    context: str
    question: str
    answer_texts: list[str]
    answer_starts: list[int]

    def row(self, language: str) -> dict[str, Any]:
        """The question as a ``span_qa`` row."""
        return {
            "id": self.id,
            "language": language,
            "question": self.question,
            "context": self.context,
            "answer_texts": self.answer_texts,
            "answer_starts": self.answer_starts,
        }


def read_squad(path: Path) -> Iterator[Question]:
    """Yield the questions of a file in its order; ``title`` is ``""`` where an article has none.

    Raises:
        DataError: the file is not JSON, lacks one of SQuAD's keys, or an answer is empty or does not stand at its
            offset.
    """
    text = "\n".join(line.text for line in read_lines(path))
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        mend = "download the file again if it is cut off"
        raise bad_row(path, error.lineno, f"not JSON ({error.msg} at column {error.colno})", mend) from None
    for node in _items(path, _Node("", document), "data"):
        title = _get(path, node, "title", str) if "title" in node.value else ""
        for paragraph in _items(path, node, "paragraphs"):
            context = _get(path, paragraph, "context", str)
            for question in _items(path, paragraph, "qas"):
                yield _question(path, text, title, context, question)


class _Node(NamedTuple):
    place: str
    value: Any


def _question(path: Path, text: str, title: str, context: str, node: _Node) -> Question:
    identity = _get(path, node, "id", str)
    texts, starts = [], []
    for answer in _items(path, node, "answers"):
        found, start = _get(path, answer, "text", str), _get(path, answer, "answer_start", int)
        if not found and node.value.get("is_impossible") is True:
            continue
        if not found:
            what = f"question {identity}: its answer is empty: {LABELS_REMOVED}"
            raise bad_row(path, _line_of(text, identity), what, LABELS_MEND)
        if start < 0 or context[start : start + len(found)] != found:
            what = f"question {identity}: answer {shown(found)} is not at offset {start} of its context"
            mend = "offsets count code points from 0; correct answer_start"
            raise bad_row(path, _line_of(text, identity), what, mend)
        texts.append(found)
        starts.append(start)
    return Question(identity, title, context, _get(path, node, "question", str), texts, starts)


def _line_of(text: str, identity: str) -> int:
    """The line of a question, or one near it: the parsed document has no line numbers."""
    return text.count("\n", 0, max(0, text.find(json.dumps(identity)))) + 1


def _get(path: Path, node: _Node, key: str, kind: type) -> Any:
    if not isinstance(node.value, dict):
        raise DataError(f"{path}: {node.place or 'the document'} is {shown(node.value)}; it must be an object")
    place = f"{node.place}.{key}".removeprefix(".")
    if key not in node.value:
        raise DataError(f"{path}: no {place}; the file must be in SQuAD's format (data, paragraphs, qas, answers)")
    found = node.value[key]
    if not isinstance(found, kind) or isinstance(found, bool):
        raise DataError(f"{path}: {place} is {shown(found)}; it must be {TYPE_NAMES[kind]}")
    return found


def _items(path: Path, node: _Node, key: str) -> Iterator[_Node]:
    for index, value in enumerate(_get(path, node, key, list)):
        yield _Node(f"{node.place}.{key}[{index}]".removeprefix("."), value)
