"""Checks that every row of a task keeps its type's contract."""

from collections.abc import Callable
from typing import Any

from xstilts.errors import DataError
from xstilts.sources.lines import LABELS_MEND, LABELS_REMOVED, shown
from xstilts.tasks import Row, Task
from xstilts.tasks.base import POOL, TASK_TYPES

# Rows of a scored split from which one label for all of them is no accident.
_MANY = 20


class RowCheck:
    """A function from rows to the same rows that raises at the first wrong one, and counts.

    Attributes:
        count: rows seen so far.
        labels: tags seen so far, for a task with open labels.
    """

    def __init__(self, task: Task, split: str, language: str) -> None:
        self.count = 0
        self.labels: set[str] = set()
        self._task, self._split, self._language = task, split, language
        self._columns = {"id", "language", *TASK_TYPES[task.type]}
        self._problem = _PROBLEM[task.type]
        self._seen: set[str] = set()
        self._gold: set[str | int] = set()
        self._where = f"task {task.name}, {split} {language} ({', '.join(task.files(split, language)) or 'generated'})"

    def __call__(self, row: Row) -> Row:
        """Return ``row``.

        Raises:
            DataError: it lacks a column or has another, a value is of the wrong type, empty or not allowed, or its id
                was seen before.
        """
        problem = self._common_problem(row) or self._problem(row, self._task)
        if problem:
            raise DataError(f"{self._where}, row {row.get('id')!r}: {problem}; correct the file, or the task's reader")
        self._seen.add(row["id"])
        if self._task.open_labels:
            self.labels.update(row["tags"])
        if "label" in row:
            self._gold.add(row["label"])
        self.count += 1
        return row

    def finish(self) -> None:
        """Check the number of rows and whether their labels tell anything, after the last one.

        Raises:
            DataError: there is none, it is not the published number, or many rows to score all have one label.
        """
        expected = self._task.rows.get((self._split, self._language))
        if self.count == 0:
            raise DataError(f"{self._where}: no rows; the file is not what its name says, download it again")
        if expected is not None and expected != self.count:
            raise DataError(f"{self._where}: {self.count} rows instead of {expected}; download the file again")
        if self._split != "train" and self.count >= _MANY and len(self._gold) == 1:
            label = shown(*self._gold)
            raise DataError(f"{self._where}: all {self.count} rows have label {label}: {LABELS_REMOVED}; {LABELS_MEND}")

    def _common_problem(self, row: Row) -> str | None:
        if row.keys() != self._columns:
            odd = sorted(row.keys() ^ self._columns)
            return f"columns {', '.join(odd)} are missing or not part of a {self._task.type} row"
        if not isinstance(row["id"], str) or not row["id"]:
            return f"the id {shown(row['id'])} is not a text"
        if self._split != POOL and row["language"] != self._language:
            return f"language is {shown(row['language'])}"
        return "its id occurs twice" if row["id"] in self._seen else None


def _classification(row: Row, task: Task) -> str | None:
    if not _is_text(row["text_a"]) or not isinstance(row["text_b"], str):
        return "text_a or text_b is not a text, or text_a is empty"
    return _label_problem(row["label"], task)


def _multiple_choice(row: Row, task: Task) -> str | None:
    choices = row["choices"]
    if not _is_text(row["prompt"]) or not _are(choices, str) or len(choices) != task.n_choices:
        return f"it needs a prompt and {task.n_choices} choices"
    if not isinstance(row["label"], int) or not 0 <= row["label"] < len(choices):
        return f"label {shown(row['label'])} is not the index of a choice"
    return None


def _span_qa(row: Row, task: Task) -> str | None:
    texts, starts, context = row["answer_texts"], row["answer_starts"], row["context"]
    if not _is_text(row["question"]) or not _is_text(context):
        return "question or context is empty or not a text"
    if not _are(texts, str) or not _are(starts, int) or len(texts) != len(starts):
        return "answer_texts and answer_starts do not pair"
    if not all(texts):
        return "an answer is empty; a question without one has no answer_texts"
    for text, start in zip(texts, starts, strict=True):
        if start < 0 or context[start : start + len(text)] != text:
            return f"answer {shown(text)} is not at offset {start}"
    return None


def _tagging(row: Row, task: Task) -> str | None:
    tokens, tags = row["tokens"], row["tags"]
    if not tokens or not _are(tokens, str) or not all(tokens):
        return "tokens are not a list of non-empty texts"
    if not _are(tags, str) or len(tags) != len(tokens):
        return f"{len(tokens)} tokens but {shown(tags)} as tags"
    if task.open_labels:
        return None
    return next((_label_problem(tag, task) for tag in tags if tag not in task.labels), None)


def _retrieval(row: Row, task: Task) -> str | None:
    return None if _is_text(row["text"]) and _is_text(row["english"]) else "text or english is empty or not a text"


def _pool_retrieval(row: Row, task: Task) -> str | None:
    if not _is_text(row["text"]) or not isinstance(row["context"], str):
        return "text or context is not a text, or text is empty"
    return None if _are(row["gold"], str) else f"gold {shown(row['gold'])} is not a list of candidate ids"


def _mlm(row: Row, task: Task) -> str | None:
    return None if _is_text(row["text"]) else "text is empty or not a text"


_PROBLEM: dict[str, Callable[[Row, Task], str | None]] = {
    "classification": _classification,
    "multiple_choice": _multiple_choice,
    "span_qa": _span_qa,
    "tagging": _tagging,
    "retrieval": _retrieval,
    "pool_retrieval": _pool_retrieval,
    "mlm": _mlm,
}


def _label_problem(label: Any, task: Task) -> str | None:
    return None if label in task.labels else f"unknown label {shown(label)}, allowed: {', '.join(task.labels)}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)
