"""Build the small encoder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import XLMRobertaConfig, XLMRobertaModel

from xstilts.models.mini import MAX_LENGTH, embeddings, source
from xstilts.models.mini import layers as layer_weights
from xstilts.models.mini.tokenizer import LEADING_SPECIALS, PAD, build_tokenizer
from xstilts.models.trim import trim_vocabulary
from xstilts.seeds import derive_seed


def build_mini_encoder(
    output: Path,
    *,
    seed: int = 0,
    layers: int = 2,
    hidden_size: int = 256,
    heads: int = 4,
    intermediate_size: int = 512,
    texts: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Write the encoder's model and tokenizer, loadable with ``AutoModel`` and ``AutoTokenizer``.

    The token embeddings are pretrained; the layers above them are random, see ``xstilts.models.mini.layers``.

    Args:
        output: an existing empty directory.
        seed: chooses the layers' weights.
        layers: number of transformer layers.
        hidden_size: width; at most 512, a multiple of ``heads``.
        heads: attention heads per layer.
        intermediate_size: width of the feed-forward layers.
        texts: trim the vocabulary to what these need; None keeps all 128 thousand pieces.

    Returns:
        Facts for the manifest: where the embeddings come from, the share of their variance kept, sizes.

    Raises:
        CheckpointError: the package that holds the embeddings is not installed.
    """
    pieces = source.read_sentencepiece()
    tokenizer = build_tokenizer(pieces, MAX_LENGTH)
    table, kept_variance = embeddings.reduce(source.read_table(), hidden_size)
    config = XLMRobertaConfig(
        vocab_size=len(LEADING_SPECIALS),  # a stub; the pretrained rows replace it
        hidden_size=hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=intermediate_size,
        max_position_embeddings=MAX_LENGTH + tokenizer.pad_token_id + 1,  # XLM-R counts positions from there
        type_vocab_size=2,
        layer_norm_eps=1e-5,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = _layers(config, seed)
    _set_embeddings(model, table, pieces)
    if texts is not None:
        model, tokenizer, _ = trim_vocabulary(model, tokenizer, texts)
    model.save_pretrained(output)
    tokenizer.save_pretrained(output)
    return {
        "kind": "mini",
        "seed": seed,
        "source": {"package": source.DISTRIBUTION, "version": source.version()},
        "kept_variance": round(kept_variance, 4),
        "vocabulary": len(tokenizer),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "trimmed": texts is not None,
    }


def _layers(config: XLMRobertaConfig, seed: int) -> XLMRobertaModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("mini encoder", seed))
        model = XLMRobertaModel(config).eval()
    layer_weights.arrange(model, torch.Generator().manual_seed(derive_seed("mini encoder attention", seed)))
    return model


def _set_embeddings(model: XLMRobertaModel, table: embeddings.Array, pieces: source.SentencePieceModel) -> None:
    """Write the pretrained rows; special tokens are zero (the mean), so that ``<s>`` holds only what it attends to."""
    first = len(LEADING_SPECIALS)
    weights = np.zeros((first + len(pieces.rows) + 1, table.shape[1]), dtype=np.float32)
    weights[first:-1] = table[list(pieces.rows)]
    padding = LEADING_SPECIALS.index(PAD)
    model.set_input_embeddings(
        torch.nn.Embedding.from_pretrained(torch.from_numpy(weights), freeze=False, padding_idx=padding)
    )
    model.config.vocab_size = len(weights)
