"""Passes without padding: an encoder's layers see the tokens of all sequences in one row.

Embeddings before the layers and heads after them work on padded tensors, ``(sequences, tokens, width)``, as ever; only
between them are the padded places left out. Attention keeps the sequences apart: on a GPU by FlashAttention's kernel
for sequences of different lengths (Dao 2023, arXiv 2307.08691), which torch brings, and which wants bf16.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

ATTENTION = "sdpa_packed"
# Encoders whose layers hand on what they are not asked about to a function of attention that can be chosen.
ARCHITECTURES = ("bert", "camembert", "electra", "roberta", "xlm-roberta", "xlm-roberta-xl")
# A matrix product takes its rows in tiles of so many: a row of tokens is filled up to whole ones.
_TILE = 128
# Like the tiles, so that passes come in few sizes.
_SEQUENCES = 16


class Packing(NamedTuple):
    """Where the tokens of a padded batch go.

    Attributes:
        places: ``(tokens,)``, of each token in the flattened batch; what fills the last tile repeats the first.
        starts: int32, where each sequence begins in the row, the filling last, and where that ends; the end is repeated
            up to whole sixteens.
        longest: at least the tokens of the longest sequence.
        tokens: how many there are without filling.
        shape: sequences and tokens of the padded batch.
    """

    places: Tensor
    starts: Tensor
    longest: int
    tokens: int
    shape: tuple[int, int]


def enable(model: Any) -> None:
    """Let a ``transformers`` model take packed passes, where its architecture can; padded ones it takes as before."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    if model.config.model_type not in ARCHITECTURES:
        return
    AttentionInterface.register(ATTENTION, attend)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
    model.set_attn_implementation(ATTENTION)
    encoder = model.base_model.encoder
    if not hasattr(encoder, "takes_packed"):
        encoder.takes_packed = True
        encoder.register_forward_pre_hook(_pack, with_kwargs=True)
        encoder.register_forward_hook(_unpack, with_kwargs=True)


def enabled(model: Any) -> bool:
    """Whether a model or encoder can take packed passes."""
    return bool(model.config._attn_implementation == ATTENTION)


def packs(model: Any, device: torch.device) -> bool:
    """Whether passes under the present autocast are packed."""
    if not enabled(model):
        return False
    if device.type != "cuda":
        return True
    half = torch.is_autocast_enabled("cuda") and torch.get_autocast_dtype("cuda") in (torch.bfloat16, torch.float16)
    return half and torch.cuda.get_device_capability(device) >= (8, 0)


def packed(model: Any, inputs: Mapping[str, Tensor], lengths: Sequence[int]) -> dict[str, Any]:
    """What a pass over collated sequences of these lengths takes: ``inputs``, with their packing instead of a mask.

    Args:
        model: the model or encoder that is to be called.
        inputs: ``input_ids`` and ``attention_mask``, ``(…, tokens)``, and what else the model takes.
        lengths: tokens of every sequence, in order.
    """
    ids = inputs["input_ids"]
    if not packs(model, ids.device):
        return dict(inputs)
    packing = pack_lengths(lengths, ids.shape[-1])
    moved = packing._replace(
        places=packing.places.to(ids.device, non_blocking=True), starts=packing.starts.to(ids.device, non_blocking=True)
    )
    return {name: tensor for name, tensor in inputs.items() if name != "attention_mask"} | {"packing": moved}


def pack_lengths(lengths: Sequence[int], width: int) -> Packing:
    """The packing of sequences that begin at the left of rows of ``width`` tokens, on the CPU."""
    counts = np.asarray(lengths)
    tokens = int(counts.sum())
    filled = -(-tokens // _TILE) * _TILE
    places = np.zeros(filled, dtype=np.int64)
    places[:tokens] = np.flatnonzero(np.arange(width) < counts[:, None])
    starts = np.full(-(-(len(counts) + 2) // _SEQUENCES) * _SEQUENCES, filled, dtype=np.int32)
    starts[0] = 0
    starts[1 : len(counts) + 1] = np.cumsum(counts)
    # The filling, too, is a sequence; and a longest one in steps is fewer sizes to compile for.
    longest = -(-max(width, filled - tokens) // _TILE) * _TILE
    return Packing(torch.from_numpy(places), torch.from_numpy(starts), longest, tokens, (len(counts), width))


def attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    packing: Packing | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Attention in the form that ``transformers`` calls; without a packing, its own for padded sequences.

    Args:
        module: the layer's attention.
        query: ``(sequences, heads, tokens, width)``; packed, of one sequence that holds them all.
        key: likewise.
        value: likewise.
        attention_mask: of padded sequences.
        dropout: the probability with which a weight is dropped.
        scaling: of the products; the inverse root of the width unless given.
        packing: which tokens attend to each other.
        others: for transformers' own.

    Returns:
        ``(sequences, tokens, heads, width)``, and no weights.
    """
    if packing is None:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        found: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return found
    if query.device.type == "cuda":
        # torch.nn.attention.varlen.varlen_attn has no dropout.
        rows = [tensor[0].transpose(0, 1) for tensor in (query, key, value)]
        sizes = packing.starts, packing.starts, packing.longest, packing.longest
        states = torch.ops.aten._flash_attention_forward(*rows, *sizes, dropout, False, False, scale=scaling)[0]
        return states.unsqueeze(0), None
    counts = [count for count in packing.starts.diff().tolist() if count]
    parts = zip(query.split(counts, 2), key.split(counts, 2), value.split(counts, 2), strict=True)
    outputs = [scaled_dot_product_attention(q, k, v, dropout_p=dropout, scale=scaling) for q, k, v in parts]
    return torch.cat(outputs, dim=2).transpose(1, 2), None


def _pack(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    packing = kwargs.get("packing")
    if packing is None:
        return None
    row = args[0].flatten(0, 1).index_select(0, packing.places).unsqueeze(0)
    return (row, *args[1:]), kwargs | {"attention_mask": None}


def _unpack(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
    packing = kwargs.get("packing")
    if packing is None:
        return None
    row = outputs.last_hidden_state[0, : packing.tokens]
    sequences, width = packing.shape
    states = row.new_zeros(sequences * width, row.shape[-1]).index_copy(0, packing.places[: packing.tokens], row)
    outputs.last_hidden_state = states.view(sequences, width, -1)
    return outputs
