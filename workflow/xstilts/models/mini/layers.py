"""Initial weights of the transformer layers: random, but arranged so that a small training set can use them.

From ordinary random weights a few thousand examples do not teach a two-layer encoder to compare two texts. Attention
starts out instead as alignment and comparison (Parikh et al. 2016, "A Decomposable Attention Model"), by adding to the
random weights what mimetic initialisation adds (Trockman and Kolter 2023): multiples of the identity.

* A token attends to tokens of like meaning, and rather to those of the other text of a pair.
* It takes up some of what it finds, so that a word that the other text also has differs from a new one by its text
  number. ``<s>``, which has no meaning of its own, gathers the second text.

Only numbers differ from a plain initialisation; every weight is trainable and the architecture is XLM-R's. Token
embeddings are expected at unit variance, so that what is added to them (positions, text number) does not drown them.
"""

import math
from typing import Any

import torch
from transformers import XLMRobertaModel

_SEGMENT = 0.5  # root mean square of the text-number embedding, beside 1 of a token's
_LIKENESS = 0.8  # how much a token prefers its like: scale of query and key
_TAKEN = 0.5  # how much a layer adds of what a token attended to


def arrange(model: XLMRobertaModel, generator: torch.Generator) -> None:
    """Overwrite positions and text numbers, and add structure to the attention of every layer, in place.

    Positions start at zero: word order is what transfers least from English.
    """
    size = model.config.hidden_size
    segment = torch.randn(size, generator=generator)
    segment *= _SEGMENT * math.sqrt(size) / segment.norm()
    identity = torch.eye(size)
    with torch.no_grad():
        model.embeddings.position_embeddings.weight.zero_()
        model.embeddings.token_type_embeddings.weight.copy_(torch.stack([segment, -segment]))
        for layer in model.encoder.layer:
            layer.attention.self.value.weight.add_(identity)
            layer.attention.output.dense.weight.add_(_TAKEN * identity)
            _align(layer.attention.self, segment)


def _align(attention: Any, segment: torch.Tensor) -> None:
    """Query and key agree, except that in every head the key's text number is turned round."""
    width = attention.attention_head_size
    mirrored = torch.eye(len(segment))
    for start in range(0, len(segment), width):
        part = torch.nn.functional.normalize(segment[start : start + width], dim=0)
        mirrored[start : start + width, start : start + width] -= 2 * torch.outer(part, part)
    attention.query.weight.add_(_LIKENESS * torch.eye(len(segment)))
    attention.key.weight.add_(_LIKENESS * mirrored)
