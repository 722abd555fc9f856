"""Extractive question answering over sliding windows (Devlin et al. 2019, section 4.2; `run_qa.py` of transformers)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xstilts.models.heads.base import Head, Item, Row, Terms, types_of


class SpanQA(Head):
    """An item is a window; its target is (start, end) in tokens, (0, 0) where the window has no answer.

    Its note holds the character offsets of the context's tokens: ``(tokens, 2)``, -1 outside the context.
    """

    auto_class = "AutoModelForQuestionAnswering"

    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """Windows of ``max_length`` tokens that overlap by ``doc_stride`` context tokens."""
        encoding = self.tokenize(
            self._short_questions([row["question"] for row in rows]),
            [row["context"] for row in rows],
            truncation="only_second",
            stride=min(self.options["doc_stride"], self.options["max_length"] // 3),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        items = []
        for window, row in enumerate(encoding["overflow_to_sample_mapping"]):
            inside = np.array([part == 1 for part in encoding.sequence_ids(window)])
            offsets = np.where(inside[:, None], np.array(encoding["offset_mapping"][window]), -1)
            target = self._target(rows[row], offsets)
            items.append(Item(row, [encoding["input_ids"][window]], types_of(encoding, window), target, offsets))
        return items

    def _short_questions(self, questions: list[str]) -> list[str]:
        """Cut questions after ``max_question_length`` tokens, on a character boundary the tokenizer gives."""
        limit = self.options["max_question_length"]
        encoding = self.tokenizer(questions, add_special_tokens=False, return_offsets_mapping=True)
        return [
            question if len(offsets) <= limit else question[: offsets[limit - 1][1]]
            for question, offsets in zip(questions, encoding["offset_mapping"], strict=True)
        ]

    @staticmethod
    def _target(row: Row, offsets: np.ndarray) -> tuple[int, int]:
        if not row["answer_starts"]:
            return 0, 0
        start = row["answer_starts"][0]
        end = start + len(row["answer_texts"][0])
        first = np.flatnonzero((offsets[:, 0] <= start) & (offsets[:, 1] > start))
        last = np.flatnonzero((offsets[:, 0] < end) & (offsets[:, 1] >= end))
        return (int(first[0]), int(last[-1])) if first.size and last.size else (0, 0)

    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """The start and the end of every window, half a term each."""
        outside = self._outside(outputs, items)
        both = torch.cat([outputs.start_logits, outputs.end_logits]).float()
        target = torch.tensor([item.target for item in items], device=both.device)
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
        return (torch.arange(outputs.start_logits.shape[1]) >= lengths[:, None]).to(outputs.start_logits.device)

    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """``(2, tokens)`` start and end logits per window."""
        both = torch.stack([outputs.start_logits, outputs.end_logits], 1).float().cpu().numpy()
        return [window[:, : item.length] for window, item in zip(both, items, strict=True)]

    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """The best span of at most ``max_answer_length`` tokens over a row's windows."""
        best: list[tuple[float, str]] = [(float("-inf"), "")] * len(rows)
        for item, (start, end) in zip(items, logits, strict=True):
            score, first, last = self._best_span(start, end, item.note)
            if score > best[item.row][0]:
                text = rows[item.row]["context"][item.note[first, 0] : item.note[last, 1]]
                best[item.row] = (score, text.strip())
        return [
            {
                "id": row["id"],
                "language": row["language"],
                "gold": list(row["answer_texts"]),
                "pred": text,
                "score": score if np.isfinite(score) else 0.0,
            }
            for row, (score, text) in zip(rows, best, strict=True)
        ]

    def _best_span(self, start: np.ndarray, end: np.ndarray, offsets: np.ndarray) -> tuple[float, int, int]:
        context = np.flatnonzero(offsets[:, 1] > offsets[:, 0])
        if not context.size:
            return float("-inf"), 0, 0
        scores = start[context][:, None] + end[context][None, :]
        steps = context[None, :] - context[:, None]
        scores[(steps < 0) | (steps >= self.options["max_answer_length"])] = float("-inf")
        first, last = np.unravel_index(int(scores.argmax()), scores.shape)
        return float(scores[first, last]), int(context[first]), int(context[last])
