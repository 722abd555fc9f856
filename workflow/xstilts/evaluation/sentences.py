"""Fixed-length vectors of texts from an encoder's hidden states: every layer and pooling in one pass over the data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xstilts.errors import ConfigError
from xstilts.models.heads.base import Item, padded, types_of
from xstilts.models.load import depth, load_encoder, load_tokenizer
from xstilts.models.pooling import POOLINGS
from xstilts.models.segment import Segmenter
from xstilts.training.batching import inference_batches, token_budget
from xstilts.training.parallel import prepare_torch
from xstilts.training.setting import autocast

# Texts tokenised at a time: what the tokenizer keeps of a text is much larger than its vector.
_CHUNK = 16384


class SentenceEncoder:
    """An encoder with its tokenizer.

    Args:
        checkpoint: what to load; a head, if any, is left out.
        recipe: a resolved evaluation recipe: ``layer`` (the hidden state that counts, 0 for the embeddings; None: the
            last), ``sweep`` (whether the other layers are wanted too), ``pooling`` (names; the first
            counts), ``max_length`` and ``batch_tokens``.

    Raises:
        ConfigError: the encoder has no such layer.

    Attributes:
        views: the (layer, pooling) pairs of which :meth:`encode` gives vectors; the first is the one that counts.
    """

    def __init__(self, checkpoint: Path, recipe: Mapping[str, Any]) -> None:
        self._device = prepare_torch()
        tokenizer = load_tokenizer(checkpoint)
        self._segmenter, self._pad_id = Segmenter(tokenizer), tokenizer.pad_token_id
        self._recipe = recipe
        last = depth(checkpoint)
        chosen = last if recipe["layer"] is None else recipe["layer"]
        if chosen > last:
            raise ConfigError(f"{checkpoint}: layer {chosen} is asked for, the encoder has {last}; name 0 to {last}")
        layers = [chosen, *(layer for layer in range(last + 1) if layer != chosen and recipe["sweep"])]
        self._layers = sorted(layers)
        # One more than is read: what some architectures do after their last layer is then outside it.
        self._model = load_encoder(checkpoint, min(max(layers) + 1, last)).to(self._device).eval()
        self.views = [(layer, pooling) for pooling in recipe["pooling"] for layer in layers]

    def encode(self, texts: Sequence[str], contexts: Sequence[str] = ()) -> np.ndarray:
        """Vectors of texts, each read with its context as the second segment where there is one.

        Returns:
            ``(views, texts, hidden)``, float32.
        """
        vectors = np.empty((len(self.views), len(texts), self._model.config.hidden_size), np.float32)
        for start in range(0, len(texts), _CHUNK):
            part = slice(start, start + _CHUNK)
            self._encode(list(texts[part]), list(contexts[part]), vectors[:, part])
        return vectors

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _encode(self, texts: list[str], contexts: list[str], vectors: np.ndarray) -> None:
        encoding = self._segmenter(texts, contexts if any(contexts) else None, max_length=self._recipe["max_length"])
        items = [
            Item(position, [ids], types_of(encoding, position)) for position, ids in enumerate(encoding["input_ids"])
        ]
        for indices in inference_batches(items, token_budget(self._recipe["batch_tokens"], self._device.type)):
            batch = padded([items[index] for index in indices], self._pad_id, self._device)
            with autocast(self._device, "auto"):
                outputs = self._model(**batch, output_hidden_states=True)
            states = torch.stack([outputs.hidden_states[layer] for layer in self._layers]).float()
            mask = batch["attention_mask"].float()
            pooled = {name: POOLINGS[name](states, mask).cpu().numpy() for name in self._recipe["pooling"]}
            for view, (layer, pooling) in enumerate(self.views):
                vectors[view, indices] = pooled[pooling][self._layers.index(layer)]
