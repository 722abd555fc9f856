"""One prompt, several continuations, one of them right."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from xstilts.models.heads.base import Head, Item, Row, Terms


class MultipleChoice(Head):
    """Cross-entropy over the choices of a row; every choice is one sequence (prompt, choice)."""

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

    def shape(self, inputs: dict[str, Tensor], n: int) -> dict[str, Tensor]:
        """``(items, choices, tokens)``."""
        return {name: tensor.view(n, -1, tensor.shape[-1]) for name, tensor in inputs.items()}

    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """One per item."""
        device = outputs.logits.device
        target = torch.tensor([item.target for item in items], device=device)
        return Terms(outputs.logits, target, torch.arange(len(items), device=device))

    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """``(choices,)`` per item."""
        return list(outputs.logits.float().cpu().numpy())

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
