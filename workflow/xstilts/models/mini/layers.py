"""Initial weights of the transformer layers: random, but arranged so that a small training set can use them.

From ordinary random weights a few thousand examples do not teach a two-layer encoder to compare two texts. The
attention starts out instead as soft alignment and comparison (Parikh et al. 2016, "A Decomposable Attention Model"):

* the first layer's tokens attend to tokens of like meaning, and rather to those of the other text of a pair;
* the later layers' tokens, ``<s>`` among them, gather what the second text holds.

Only numbers differ from a plain initialisation; every weight is trainable and the architecture is XLM-R's. Token
embeddings are expected at unit variance, so that what is added to them (positions, text number) does not drown them.
"""

import math

import torch
from transformers import XLMRobertaModel

_SEGMENT_NORM = 4.0  # length of the text-number embedding; a token embedding's is sqrt(hidden size), 16 for 256
_MATCHING = 0.6  # how much a token prefers its like: scale of the tied query and key projections
_CROSSING = 0.35  # how much it prefers the other text
_GATHERING = 2.0  # how much later layers prefer the second text


def arrange(model: XLMRobertaModel, generator: torch.Generator) -> None:
    """Overwrite the embeddings other than the tokens', and the attention of every layer, in place.

    Positions start at zero: word order is what transfers least from English.
    """
    size = model.config.hidden_size
    segment = torch.randn(size, generator=generator)
    segment = torch.nn.functional.normalize(segment - segment.mean(), dim=0)  # survives the layer norm's centring
    with torch.no_grad():
        model.embeddings.position_embeddings.weight.zero_()
        model.embeddings.token_type_embeddings.weight.copy_(_SEGMENT_NORM * torch.stack([-segment, segment]))
        for number, layer in enumerate(model.encoder.layer):
            attention = layer.attention.self
            rotation = torch.linalg.qr(torch.randn(size, size, generator=generator))[0]
            attention.value.weight.copy_(rotation)
            layer.attention.output.dense.weight.copy_(rotation.T)  # all heads together copy what they attend to
            if number == 0 and len(model.encoder.layer) > 1:
                _align(attention, rotation, segment)
            else:
                _gather(attention, segment, generator)


def _align(attention: torch.nn.Module, rotation: torch.Tensor, segment: torch.Tensor) -> None:
    """Query and key project alike, except for one dimension a head, where they have opposite signs for the text."""
    content = _MATCHING * _without(rotation, segment)
    attention.query.weight.copy_(content)
    attention.key.weight.copy_(content)
    first = slice(None, None, attention.attention_head_size)
    attention.query.weight[first] = _CROSSING * segment
    attention.key.weight[first] = -_CROSSING * segment


def _gather(attention: torch.nn.Module, segment: torch.Tensor, generator: torch.Generator) -> None:
    """Random queries and keys, except for one dimension a head, where every query asks for the second text."""
    spread = 1 / math.sqrt(len(segment))
    attention.query.weight.copy_(spread * torch.randn(attention.query.weight.shape, generator=generator))
    keys = spread * torch.randn(attention.key.weight.shape, generator=generator)
    attention.key.weight.copy_(_without(keys, segment))
    first = slice(None, None, attention.attention_head_size)
    attention.key.weight[first] = segment
    attention.query.bias[first] = _GATHERING


def _without(rows: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """The rows less their component along a unit vector."""
    return rows - torch.outer(rows @ direction, direction)
