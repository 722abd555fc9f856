"""Extractive question answering over sliding windows (Devlin et al. 2019, section 4.2; `run_qa.py` of transformers).

No answer is the span of the first token (Devlin et al. 2019, section 4.3): its score is the lowest over the windows,
and it is preferred where it exceeds the best answer's by more than a threshold.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from xstilts.errors import ConfigError
from xstilts.metrics import squad_v2
from xstilts.models.cuts import context_tokenizer
from xstilts.models.heads.base import Head, Item, Row, Terms, on_device

# Answers kept for every question; Devlin et al.'s `n_best_size`.
N_BEST = 20

# Contexts read at a time.
_CHUNK = 4096


class Span(NamedTuple):
    """A possible answer: its score and where it stands in the context, in code points."""

    score: float
    start: int
    end: int


class SpanQA(Head):
    """An item is a window; its target is (start, end) in tokens, (0, 0) where the window has no answer.

    Its note holds the character offsets of the context's tokens: ``(tokens, 2)``, -1 outside the context.
    """

    auto_class = "AutoModelForQuestionAnswering"

    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """Windows of ``max_length`` tokens that overlap by ``doc_stride`` context tokens.

        Questions lose what exceeds ``max_question_length``. Contexts are cut finer (:mod:`xstilts.models.cuts`) where
        the recipe says so.
        """
        questions = self.segmenter.texts(row["question"] for row in rows)
        limit = self.options["max_question_length"]
        items: list[Item] = []
        for number, (row, context) in enumerate(zip(rows, self._contexts(rows), strict=True)):
            items += self._windows(number, row, questions[row["question"]][:limit], *context)
        return items

    def _contexts(self, rows: Sequence[Row]) -> Iterator[tuple[list[int], np.ndarray]]:
        """Token ids and character offsets, ``(tokens, 2)``, of every row's context; each text is read once."""
        known: dict[tuple[str, str], tuple[list[int], np.ndarray]] = {}
        for start in range(0, len(rows), _CHUNK):
            some = [(row["language"], row["context"]) for row in rows[start : start + _CHUNK]]
            for language in dict.fromkeys(language for language, _ in some):
                cut = bool(self.options.get("context_cuts"))
                finer = context_tokenizer(self.tokenizer.backend_tokenizer, language, cut=cut)
                fresh = list(dict.fromkeys(pair for pair in some if pair[0] == language and pair not in known))
                found = finer.encode_batch([context for _, context in fresh], add_special_tokens=False)
                for pair, encoding in zip(fresh, found, strict=True):
                    known[pair] = encoding.ids, np.array(encoding.offsets, np.int64).reshape(-1, 2)
            yield from map(known.__getitem__, some)

    def _windows(
        self, number: int, row: Row, question: list[int], context: list[int], places: np.ndarray
    ) -> Iterator[Item]:
        frame = self.segmenter.pair
        before = len(frame.ids[0]) + len(question) + len(frame.ids[1])
        room = self.options["max_length"] - frame.size - len(question)
        if room < 1:
            raise ConfigError(
                f"max_length {self.options['max_length']}: a question leaves no room for its context; raise max_length "
                "or lower max_question_length"
            )
        step = max(1, room - min(self.options["doc_stride"], self.options["max_length"] // 3))
        for start in range(0, max(1, len(context) - room + step), step):
            part = slice(start, start + room)
            ids = frame.around(question, context[part])
            offsets = np.full((len(ids), 2), -1)
            offsets[before : before + len(context[part])] = places[part]
            types = [frame.types_around(question, context[part])] if self.segmenter.typed else []
            yield Item(number, [ids], types, self._target(row, offsets), offsets)

    @staticmethod
    def _target(row: Row, offsets: np.ndarray) -> tuple[int, int]:
        """First and last token of the row's first answer; characters that leave no token do not count at its ends."""
        if not row["answer_starts"]:
            return 0, 0
        start, end = trimmed(row["context"], row["answer_starts"][0], len(row["answer_texts"][0]))
        tokens = np.flatnonzero(offsets[:, 1] > offsets[:, 0])
        if not tokens.size or start < offsets[tokens[0], 0]:
            return 0, 0
        if end > _through_marks(row["context"], int(offsets[tokens[-1], 1])):
            return 0, 0
        inside = tokens[(offsets[tokens, 1] > start) & (offsets[tokens, 0] < end)]
        return (int(inside[0]), int(inside[-1])) if inside.size else (0, 0)

    def holds_gold(self, row: Row, item: Item) -> bool:
        """Whether the window has the answer, or the question has none."""
        return not row["answer_starts"] or item.target != (0, 0)

    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """The start and the end of every window, half a term each."""
        outside = self._outside(outputs, items)
        both = torch.cat([outputs.start_logits, outputs.end_logits]).float()
        target = on_device([item.target for item in items], both.device)
        owners = torch.arange(len(items), device=both.device)
        return Terms(
            both.masked_fill(outside.repeat(2, 1), torch.finfo(both.dtype).min),
            target.T.flatten(),
            owners.repeat(2),
            weight=0.5,
        )

    @staticmethod
    def _outside(outputs: Any, items: Sequence[Item]) -> Tensor:
        """Padding; question tokens stay in, as they do in the reference."""
        lengths = torch.tensor([item.length for item in items])
        outside = torch.arange(outputs.start_logits.shape[1]) >= lengths[:, None]
        return outside.to(outputs.start_logits.device, non_blocking=True)

    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """``(2, tokens)`` start and end logits per window."""
        both = torch.stack([outputs.start_logits, outputs.end_logits], 1).float().cpu().numpy()
        return [window[:, : item.length] for window, item in zip(both, items, strict=True)]

    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """The best answers of at most ``max_answer_length`` tokens over a row's windows.

        ``pred`` is the best of ``nbest``. It is ``""`` where ``no_answer``, the score of no answer minus the best
        answer's, exceeds the option ``no_answer_threshold``. Without that option, no answer is possible only among
        rows of which some have none, and then the threshold is 0.
        """
        found: list[dict[tuple[int, int], float]] = [{} for _ in rows]
        null = [float("inf")] * len(rows)
        for item, (start, end) in zip(items, logits, strict=True):
            null[item.row] = min(null[item.row], float(start[0] + end[0]))
            context, spans = rows[item.row]["context"], found[item.row]
            for score, *place in self._best_spans(start, end, item.note):
                span = readable(context, *place)
                if score > spans.get(span, float("-inf")):
                    spans.pop(span, None)
                    spans[span] = score
        threshold = self._threshold(rows)
        return [
            self._prediction(row, spans, score, threshold) for row, spans, score in zip(rows, found, null, strict=True)
        ]

    def calibrate(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> dict[str, float]:
        """Options of :meth:`decode` to choose on English dev rows: the no-answer threshold of highest F1, if any."""
        if all(row["answer_texts"] for row in rows):
            return {}
        return {"no_answer_threshold": squad_v2.best_threshold(self.decode(rows, items, logits))}

    def _threshold(self, rows: Sequence[Row]) -> float:
        chosen: float | None = self.options.get("no_answer_threshold")
        if chosen is not None:
            return chosen
        return float("inf") if all(row["answer_texts"] for row in rows) else 0.0

    @staticmethod
    def _prediction(row: Row, spans: Mapping[tuple[int, int], float], null: float, threshold: float) -> dict[str, Any]:
        # The sort is stable and the spans are in the order of the windows: of equal scores, the first wins.
        best = sorted(spans.items(), key=lambda span: -span[1])[:N_BEST]
        nbest = [{"text": row["context"][start:end], "start": start, "score": score} for (start, end), score in best]
        score = nbest[0]["score"] if nbest else 0.0
        no_answer = null - score if np.isfinite(null) else 0.0
        return {
            "id": row["id"],
            "language": row["language"],
            "gold": list(row["answer_texts"]),
            "pred": "" if not nbest or no_answer > threshold else nbest[0]["text"],
            "score": score,
            "no_answer": no_answer,
            "nbest": nbest,
        }

    def _best_spans(self, start: np.ndarray, end: np.ndarray, offsets: np.ndarray) -> list[Span]:
        """The best spans of a window, best first; of equal scores, the one that starts earlier."""
        context = np.flatnonzero(offsets[:, 1] > offsets[:, 0])
        if not context.size:
            return []
        scores = start[context][:, None] + end[context][None, :]
        steps = context[None, :] - context[:, None]
        scores[(steps < 0) | (steps >= self.options["max_answer_length"])] = float("-inf")
        flat = scores.ravel()
        count = min(N_BEST, flat.size)
        least = np.partition(flat, flat.size - count)[flat.size - count]
        best = np.flatnonzero((flat >= least) & np.isfinite(flat))
        best = best[np.argsort(-flat[best], kind="stable")][:N_BEST]
        first, last = (context[places] for places in np.unravel_index(best, scores.shape))
        return [
            Span(float(flat[place]), int(offsets[one, 0]), int(offsets[other, 1]))
            for place, one, other in zip(best, first, last, strict=True)
        ]


def trimmed(context: str, start: int, length: int) -> tuple[int, int]:
    """Start and end of a span without the characters at its ends that leave no token.

    Those are white space and format characters (zero-width spaces and joiners, direction marks). A span of
    nothing else stays as it is.
    """
    kept = [at for at in range(start, start + length) if not (context[at].isspace() or _formats(context[at]))]
    return (kept[0], kept[-1] + 1) if kept else (start, start + length)


def readable(context: str, start: int, end: int) -> tuple[int, int]:
    """Start and end of an answer without white space around it, and with the marks that belong to its characters.

    Tokenizers let a combining mark or a format character go, or leave it to the next token; it stays with the character
    that it follows.
    """
    while start < end and (context[start].isspace() or _formats(context[start])):
        start += 1
    while 0 < start < end and _marks(context[start]):
        start -= 1
    while start < end and context[end - 1].isspace():
        end -= 1
    return start, _through_marks(context, end) if start < end else end


def _through_marks(context: str, end: int) -> int:
    while end < len(context) and (_marks(context[end]) or _formats(context[end])):
        end += 1
    return end


def _formats(character: str) -> bool:
    return unicodedata.category(character) == "Cf"


def _marks(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
