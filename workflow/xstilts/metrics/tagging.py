"""Tagging: token accuracy, and chunk F1 as XTREME's script computes it for NER and for part-of-speech alike."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from xstilts.errors import DataError

Prediction = Mapping[str, Any]
_PREFIXES = ("B-", "I-", "E-", "S-")


def accuracy(predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """Rightly tagged tokens over tokens; ``pred`` and ``gold`` are lists of tags."""
    return [(float(sum(map(str.__eq__, *_aligned(row)))), float(len(row["gold"]))) for row in predictions]


def f1(predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """Twice the common chunks over predicted plus gold chunks: micro-averaged F1 when summed over sentences.

    XTREME passes raw part-of-speech tags to seqeval, where a run of equal tags is one chunk.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* seems not to be NE tag", category=UserWarning)
        return [_sentence_f1(*_aligned(row)) for row in predictions]


def _sentence_f1(pred: list[str], gold: list[str]) -> tuple[float, float]:
    from seqeval.metrics.sequence_labeling import get_entities

    found, wanted = (set(get_entities([_tag(tag) for tag in tags])) for tags in (pred, gold))
    return 2.0 * len(found & wanted), float(len(found) + len(wanted))


def _tag(tag: str) -> str:
    """Spell a tag so that any seqeval reads it as the version of XTREME's time (0.0.12) did.

    Since 1.0 seqeval takes the first letter of a bare tag for a chunk prefix and the rest for the type, so that CCONJ
    and SCONJ fall together; 0.0.12 compared whole tags. Doubling the letter (``S-SCONJ``) keeps both parts.
    """
    return tag if tag == "O" or tag.startswith(_PREFIXES) else f"{tag[0]}-{tag}"


def _aligned(row: Prediction) -> tuple[list[str], list[str]]:
    pred, gold = list(row["pred"]), list(row["gold"])
    if len(pred) != len(gold):
        raise DataError(f"row {row.get('id')!r}: {len(pred)} predicted tags for {len(gold)} tokens; evaluate it again")
    return pred, gold
