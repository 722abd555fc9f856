"""Sentence retrieval from an encoder's hidden states, without any fine-tuning on the target.

As XTREME and jiant do for Tatoeba: states are mean-pooled over tokens that are not padding and L2-normalised; English
sentences query the other side's sentences by cosine, and the nearest neighbour counts. One pass gives every layer.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xstilts.evaluation.search import nearest
from xstilts.models.heads import Item
from xstilts.models.load import load_encoder, load_tokenizer
from xstilts.training.batching import inference_batches, token_budget
from xstilts.training.parallel import prepare_torch
from xstilts.training.progress import Progress
from xstilts.training.setting import autocast


def retrieve(
    recipe: Mapping[str, Any], checkpoint: Path, languages: Mapping[str, list[dict[str, Any]]], progress: Progress
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Nearest neighbours in every language at every layer.

    Returns:
        Predictions at the layer that counts (``recipe["layer"]``, the last by default), and metric rows: ``accuracy``
        at that layer and ``accuracy_layer_<k>`` at each (0: the embeddings).
    """
    device = prepare_torch()
    tokenizer = load_tokenizer(checkpoint)
    model = load_encoder(checkpoint).to(device).eval()
    layers = model.config.num_hidden_layers
    chosen = layers if recipe["layer"] is None else min(recipe["layer"], layers)
    cache: dict[str, np.ndarray] = {}
    predictions: list[dict[str, Any]] = []
    scored: list[dict[str, Any]] = []
    for done, (language, rows) in enumerate(languages.items(), 1):
        english = [row["english"] for row in rows]
        fresh = sorted(set(english) - cache.keys())
        cache |= zip(fresh, sentence_states(model, tokenizer, fresh, recipe, device), strict=True)
        queries = np.stack([cache[text] for text in english], 1)
        candidates = np.stack(sentence_states(model, tokenizer, [row["text"] for row in rows], recipe, device), 1)
        accuracy = {}
        for layer in range(layers + 1):
            ids, similarities = nearest(queries[layer], candidates[layer])
            found, similarity = np.asarray(ids).reshape(len(rows)), np.asarray(similarities).reshape(len(rows))
            accuracy[layer] = 100 * float(np.mean(found == np.arange(len(rows))))
            if layer == chosen:
                predictions += [
                    {
                        "id": row["id"],
                        "language": language,
                        "layer": layer,
                        "gold": row["id"],
                        "pred": rows[int(found[position])]["id"],
                        "similarity": float(similarity[position]),
                    }
                    for position, row in enumerate(rows)
                ]
        values = {"accuracy": accuracy[chosen]} | {
            f"accuracy_layer_{layer}": value for layer, value in accuracy.items()
        }
        scored += [
            {"language": language, "metric": name, "value": value, "n": len(rows)} for name, value in values.items()
        ]
        progress.step(done, len(rows), 0, language)
    return predictions, scored


@torch.no_grad()  # type: ignore[untyped-decorator]
def sentence_states(
    model: Any, tokenizer: Any, texts: Sequence[str], recipe: Mapping[str, Any], device: torch.device
) -> list[np.ndarray]:
    """Mean-pooled hidden states of every layer: one ``(layers + 1, hidden)`` float32 array per text."""
    if not texts:
        return []
    encoding = tokenizer(list(texts), truncation=True, max_length=recipe["max_length"])
    items = [Item(position, [ids]) for position, ids in enumerate(encoding["input_ids"])]
    states: list[Any] = [None] * len(items)
    for indices in inference_batches(items, token_budget(recipe["batch_tokens"], device.type)):
        batch = tokenizer.pad({"input_ids": [items[index].sequences[0] for index in indices]}, return_tensors="pt").to(
            device
        )
        with autocast(device, "auto"):
            outputs = model(**batch, output_hidden_states=True)
        mask = batch["attention_mask"][None, :, :, None].float()
        pooled = (torch.stack(outputs.hidden_states).float() * mask).sum(2) / mask.sum(2)
        for position, index in enumerate(indices):
            states[index] = pooled[:, position].cpu().numpy()
    return states
