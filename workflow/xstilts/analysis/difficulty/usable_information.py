"""V-usable information of a task for a model family (Xu et al. 2020; Ethayarajh et al. 2022)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xstilts import tasks
from xstilts.artifacts import MANIFEST, read_json
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
    """log2 of the gold answer's probability by row: of a span its start's and end's together, of tags the mean over the
    labelled words; the mean over those windows of a long document that hold the answer.
    """
    device = prepare_torch()
    trained: Mapping[str, Any] = read_json(checkpoint / MANIFEST)["recipe"]
    head: Head = HEADS[task_type](known, load_tokenizer(checkpoint), trained)
    model = load_model(checkpoint, head.auto_class).to(device).eval()
    items = head.encode(rows, train=True)
    found: dict[int, list[float]] = {}
    for places in inference_batches(items, token_budget(batch_tokens, device.type)):
        batch = [items[place] for place in places]
        with autocast(device, trained["precision"]):
            outputs = head.forward(model, batch, device)
        terms = head.terms(outputs, batch)
        gold = terms.log_probabilities().gather(1, terms.targets[:, None])[:, 0]
        sums, counts = (
            gold.new_zeros(len(batch)).index_add(0, terms.owners, values) for values in (gold, torch.ones_like(gold))
        )
        nats = sums if task_type == "span_qa" else sums / counts.clamp_min(1)
        for item, value in zip(batch, nats.tolist(), strict=True):
            found.setdefault(item.row, []).append(value / np.log(2))
    return {row: float(np.mean(values)) for row, values in found.items()}


def _labels(name: str, path: Path) -> Sequence[str]:
    task = tasks.get(name)
    return labels(path) if task.open_labels else task.labels
