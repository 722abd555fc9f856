"""Sentences and sentence pairs."""

from collections.abc import Sequence
from typing import Any

import torch

from xstilts.models.heads.base import Head, Item, Row, Terms, on_device, types_of


class Classification(Head):
    """Cross-entropy over ``labels``; an item's target is the label's index."""

    auto_class = "AutoModelForSequenceClassification"

    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """One item per row."""
        pairs = any(row["text_b"] for row in rows)
        encoding = self.segment([r["text_a"] for r in rows], [r["text_b"] for r in rows] if pairs else None)
        return [
            Item(position, [ids], types_of(encoding, position), self.index[rows[position]["label"]])
            for position, ids in enumerate(encoding["input_ids"])
        ]

    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """One per item."""
        device = outputs.logits.device
        target = on_device([item.target for item in items], device)
        return Terms(outputs.logits, target, torch.arange(len(items), device=device))

    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """``(labels,)`` per item."""
        return list(outputs.logits.float().cpu().numpy())

    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """The label of the highest logit."""
        return [
            {
                "id": row["id"],
                "language": row["language"],
                "gold": row["label"],
                "pred": self.labels[int(scores.argmax())],
                "scores": scores.tolist(),
            }
            for row, scores in zip(rows, logits, strict=True)
        ]
