"""V-usable information of a task for a model family (Xu et al. 2020; Ethayarajh et al. 2022)."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xstilts import tasks
from xstilts.artifacts import read_manifest
from xstilts.data.read import labels, load_rows
from xstilts.models.heads import HEADS, Head
from xstilts.models.load import load_model, load_tokenizer
from xstilts.tasks import Row
from xstilts.training.batching import inference_batches, token_budget
from xstilts.training.blank import blanked
from xstilts.training.data import head_key
from xstilts.training.parallel import prepare_torch
from xstilts.training.setting import autocast


def usable_information(
    names: Sequence[str], data: Sequence[Path], checkpoint: Path, null: Path, batch_tokens: int | None
) -> list[dict[str, Any]]:
    """Mean pointwise V-information of the English dev rows, ``log2 g(y|x) - log2 g_null(y)``, per task, in bits.

    A recipe of several heads keeps none of them, and has no rows here.

    Args:
        names: the recipe's tasks.
        data: their prepared rows.
        checkpoint: the model g.
        null: one trained alike on rows without content.
        batch_tokens: padded tokens per forward pass; None: what suits the device.
    """
    known = {name: _labels(name, path) for name, path in zip(names, data, strict=True)}
    if len({head_key(tasks.get(name).type, found) for name, found in known.items()}) > 1:
        return []
    found = []
    for name, path in zip(names, data, strict=True):
        rows = load_rows(path, "dev", "en")
        task_type = tasks.get(name).type
        bits = log_probabilities(task_type, known[name], rows, checkpoint, batch_tokens)
        empty = [blanked(task_type, row) for row in rows]
        null_bits = log_probabilities(task_type, known[name], empty, null, batch_tokens)
        values = [bits[row] - null_bits[row] for row in bits.keys() & null_bits.keys()]
        if values:
            found.append({"task": name, "measure": "pvi", "value": float(np.mean(values)), "n": len(values)})
    return found


@torch.no_grad()  # type: ignore[untyped-decorator]
def log_probabilities(
    task_type: str, known: Sequence[str], rows: Sequence[Row], checkpoint: Path, batch_tokens: int | None
) -> dict[int, float]:
    """log2 of the gold answer's probability by row: of a span its start's and end's together, the mean over the windows
    that hold the answer; of tags the mean over all labelled words, long sentences in pieces.
    """
    device = prepare_torch()
    trained: Mapping[str, Any] = read_manifest(checkpoint, "recipe")["recipe"]
    head: Head = HEADS[task_type](known, load_tokenizer(checkpoint), trained)
    model = load_model(checkpoint, head.auto_class).to(device).eval()
    # As in scoring, no word of a sentence to be tagged is cut off.
    found = head.encode(rows, train=task_type != "tagging")
    items = [item for item in found if head.holds_gold(rows[item.row], item)]
    nats: dict[int, float] = defaultdict(float)
    parts: dict[int, float] = defaultdict(float)
    for places in inference_batches(items, token_budget(batch_tokens, device.type)):
        batch = [items[place] for place in places]
        with autocast(device, trained["precision"]):
            outputs = head.forward(model, batch, device)
        terms = head.terms(outputs, batch)
        gold = terms.log_probabilities().gather(1, terms.targets[:, None])[:, 0]
        for owner, value in zip(terms.owners.tolist(), gold.tolist(), strict=True):
            nats[batch[owner].row] += value
            # A span is one answer of two terms.
            parts[batch[owner].row] += 0.5 if task_type == "span_qa" else 1
    return {row: total / parts[row] / math.log(2) for row, total in nats.items()}


def _labels(name: str, path: Path) -> Sequence[str]:
    task = tasks.get(name)
    return labels(path) if task.open_labels else task.labels
