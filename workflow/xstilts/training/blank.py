"""Rows without what they say: what a null model of V-usable information is trained on (Ethayarajh et al. 2022)."""

import re
from collections.abc import Callable

from xstilts.tasks.base import Row

# Stands for every character of a word where places in a text must stay what they are.
_MARK = "x"


def blanked(task_type: str, row: Row) -> Row:
    """The row with its label and without its content.

    Texts and choices become empty. Of tagged words their number stays, and of a context its words' lengths, because
    tags and answers are places in them.
    """
    return {**row, **_BY_TYPE[task_type](row)}


def _span_qa(row: Row) -> Row:
    context = re.sub(r"\S", _MARK, row["context"])
    answers = [re.sub(r"\S", _MARK, answer) for answer in row["answer_texts"]]
    return {"question": "", "context": context, "answer_texts": answers}


_BY_TYPE: dict[str, Callable[[Row], Row]] = {
    "classification": lambda row: {"text_a": "", "text_b": ""},
    "multiple_choice": lambda row: {"prompt": "", "choices": [""] * len(row["choices"])},
    "tagging": lambda row: {"tokens": [_MARK] * len(row["tokens"])},
    "span_qa": _span_qa,
    "mlm": lambda row: {},
}
