"""Predictions of a fine-tuned model on test rows, and their metrics."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from xstilts import metrics, tasks
from xstilts.artifacts import read_manifest
from xstilts.models.heads import HEADS, Head
from xstilts.models.load import load_model, load_tokenizer
from xstilts.training.batching import real_tokens
from xstilts.training.loop import predict_logits
from xstilts.training.parallel import prepare_torch
from xstilts.training.progress import Progress

Rows = list[dict[str, Any]]


class FineTuned:
    """A fine-tuned model that scores test rows.

    Args:
        task: what it was fine-tuned for.
        checkpoint: its folder.
        batch_tokens: tokens per batch; None: what the device holds.
    """

    def __init__(self, task: tasks.Task, checkpoint: Path, batch_tokens: int | None) -> None:
        self.task, self.batch_tokens, self.device = task, batch_tokens, prepare_torch()
        self.model, self.head, self.trained = load_fine_tuned(task, checkpoint, self.device)

    def score(self, languages: Mapping[str, Rows], progress: Progress) -> tuple[Rows, Rows]:
        """Predictions for the rows of every language, and metric rows."""
        found: Rows = []
        scored: Rows = []
        for done, (language, rows) in enumerate(languages.items(), 1):
            items = self.head.encode(rows, train=False)
            logits = predict_logits(
                self.model, self.head, items, self.device, self.batch_tokens, self.trained["precision"]
            )
            predictions = self.head.decode(rows, items, logits)
            found += predictions
            scored += score_language(self.task.type, self.task.metrics, language, predictions)
            progress.step(done, len(rows), real_tokens(items), language)
        return found, scored


def load_fine_tuned(task: tasks.Task, checkpoint: Path, device: torch.device) -> tuple[Any, Head, Mapping[str, Any]]:
    """A fine-tuned model on a device, its head, and the recipe it was trained by."""
    made = read_manifest(checkpoint, "recipe")
    trained = made["recipe"]
    head_class = HEADS[task.type]
    head = head_class(task.labels, load_tokenizer(checkpoint), trained | made.get("decoding", {}))
    return load_model(checkpoint, head_class.auto_class).to(device), head, trained


def score_language(
    task_type: str, names: Sequence[str], language: str, predictions: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Metric rows of one language, in percent."""
    return [
        {
            "language": language,
            "metric": name,
            "value": metrics.score(task_type, name, predictions),
            "n": len(predictions),
        }
        for name in names
    ]
