"""One prompt, several continuations, one of them right."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xstilts.models.heads.base import Head, Item, Row, Terms, on_device


class MultipleChoice(Head):
    """Cross-entropy over the choices of a row; every choice is one sequence (prompt, choice).

    Rows of one pass may have different numbers of choices, as those of pooled tasks do.
    """

    auto_class = "AutoModelForMultipleChoice"

    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """One item per row; the prompt gives way when a pair is too long."""
        prompts = [row["prompt"] for row in rows for _ in row["choices"]]
        encoding = self.segment(prompts, [choice for row in rows for choice in row["choices"]])
        items, start = [], 0
        for position, row in enumerate(rows):
            end = start + len(row["choices"])
            types = encoding["token_type_ids"][start:end] if "token_type_ids" in encoding else []
            items.append(Item(position, encoding["input_ids"][start:end], types, row["label"]))
            start = end
        return items

    def laid_out(self, items: Sequence[Item]) -> Sequence[Item]:
        """Every item with as many choices as the largest has; what repeats its first choice is never looked at."""
        widest = max(len(item.sequences) for item in items)
        return [_widened(item, widest - len(item.sequences)) for item in items]

    def shape(self, inputs: dict[str, Tensor], n: int) -> dict[str, Tensor]:
        """``(items, choices, tokens)``."""
        return {name: tensor.view(n, -1, tensor.shape[-1]) for name, tensor in inputs.items()}

    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """One per item."""
        logits = outputs.logits.float()
        target = on_device([item.target for item in items], logits.device)
        counts = torch.tensor([len(item.sequences) for item in items])
        missing = (torch.arange(logits.shape[1]) >= counts[:, None]).to(logits.device, non_blocking=True)
        return Terms(
            logits.masked_fill(missing, torch.finfo(logits.dtype).min),
            target,
            torch.arange(len(items), device=logits.device),
        )

    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """``(choices,)`` per item."""
        found = outputs.logits.float().cpu().numpy()
        return [scores[: len(item.sequences)] for scores, item in zip(found, items, strict=True)]

    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """The choice of the highest logit."""
        return [
            {
                "id": row["id"],
                "language": row["language"],
                "gold": row["label"],
                "pred": int(scores.argmax()),
                "scores": scores.tolist(),
            }
            for row, scores in zip(rows, logits, strict=True)
        ]


def _widened(item: Item, more: int) -> Item:
    """The item with its first choice ``more`` times again at the end."""
    if not more:
        return item
    return replace(item, sequences=item.sequences + item.sequences[:1] * more, types=item.types + item.types[:1] * more)
