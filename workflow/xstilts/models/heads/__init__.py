"""One head per task type, behind one interface."""

from xstilts.models.heads.base import Head, Item
from xstilts.models.heads.classification import Classification
from xstilts.models.heads.masked_lm import MaskedLM
from xstilts.models.heads.multiple_choice import MultipleChoice
from xstilts.models.heads.span_qa import SpanQA
from xstilts.models.heads.tagging import Tagging

__all__ = ["HEADS", "Head", "Item"]

HEADS: dict[str, type[Head]] = {
    "classification": Classification,
    "mlm": MaskedLM,
    "multiple_choice": MultipleChoice,
    "span_qa": SpanQA,
    "tagging": Tagging,
}
