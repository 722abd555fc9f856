"""Encoders from checkpoints, and fresh heads on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from xstilts.artifacts import verify
from xstilts.errors import CheckpointError
from xstilts.models import packing
from xstilts.models.quiet import quiet


def load_tokenizer(checkpoint: Path) -> Any:
    """The checkpoint's fast tokenizer.

    Raises:
        CheckpointError: there is no such checkpoint, or it has none.
    """
    from transformers import AutoTokenizer

    if not checkpoint.is_dir():
        raise CheckpointError(f"{checkpoint}: no such checkpoint; train it, or name another")
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, use_fast=True, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise CheckpointError(
            f"{checkpoint}: no fast tokenizer, which aligns words and characters; use an encoder that has one"
        )
    return tokenizer


def load_encoder(checkpoint: Path, layers: int | None = None) -> Any:
    """The encoder of a checkpoint, in float32, its bytes checked against the manifest.

    Args:
        checkpoint: its folder.
        layers: only so many of its layers, the lowest; all of them unless given.

    Raises:
        CheckpointError: the checkpoint is not whole or its bytes are not those of its manifest.
    """
    from transformers import AutoModel

    verify(checkpoint)
    lowest = {} if layers is None else {"num_hidden_layers": layers}
    with quiet():
        return AutoModel.from_pretrained(checkpoint, **lowest, **_options())


def depth(checkpoint: Path) -> int:
    """How many layers the checkpoint's encoder has."""
    from transformers import AutoConfig

    return int(AutoConfig.from_pretrained(checkpoint, trust_remote_code=False).num_hidden_layers)


def longest_input(encoder: Any) -> int | None:
    """How many tokens the encoder has positions for; None where it looks none up in a table (relative positions)."""
    for name, module in encoder.named_modules():
        if name.rpartition(".")[2] == "position_embeddings" and isinstance(module, torch.nn.Embedding):
            # RoBERTa and its kin count positions from behind that of padding.
            first = 0 if module.padding_idx is None else module.padding_idx + 1
            return int(module.num_embeddings - first)
    return None


def fresh_head(checkpoint: Path, auto_class: str, labels: Sequence[str]) -> Any:
    """A checkpoint's encoder under a new head of ``len(labels)`` outputs, drawn from torch's current generator.

    The head of an earlier phase is dropped, the encoder kept (Phang et al. 2020, section 2). Only a masked-language
    head goes on where the checkpoint has one: pretraining made it.

    Raises:
        CheckpointError: as :func:`load_encoder`, or the head does not fit the architecture.
    """
    import transformers

    encoder = load_encoder(checkpoint)
    config = transformers.AutoConfig.from_pretrained(checkpoint)
    # Without labels of its own, a head must not inherit the number that an earlier phase left in the configuration.
    config.id2label = dict(enumerate(labels or ("LABEL_0", "LABEL_1")))
    config.label2id = {label: position for position, label in config.id2label.items()}
    try:
        model = getattr(transformers, auto_class).from_config(config, **_attention())
    except (AttributeError, ValueError) as error:
        raise CheckpointError(
            f"{checkpoint}: {str(error).splitlines()[0]}; choose an encoder or a task that fit"
        ) from None
    result = model.base_model.load_state_dict(encoder.state_dict(), strict=False)
    if result.missing_keys:
        raise CheckpointError(f"{checkpoint}: the encoder lacks {result.missing_keys[0]}, which {auto_class} needs")
    _pack_on_gpus(model)
    if auto_class == "AutoModelForMaskedLM":
        _restore_pretrained_head(model, checkpoint / "model.safetensors")
    return model


def _restore_pretrained_head(model: Any, weights: Path) -> None:
    """Copy what the file has under the names of the model's parameters outside its encoder."""
    from safetensors import safe_open

    if not weights.is_file():
        return
    with safe_open(weights, "pt") as saved, torch.no_grad():
        there = set(saved.keys())
        for name, parameter in model.named_parameters():
            if name in there and not name.startswith(f"{model.base_model_prefix}."):
                parameter.copy_(saved.get_tensor(name))


def load_model(checkpoint: Path, auto_class: str) -> Any:
    """A fine-tuned checkpoint, encoder and head, its bytes checked against the manifest.

    Raises:
        CheckpointError: the checkpoint is not whole, or has no such head.
    """
    import transformers

    verify(checkpoint)
    with quiet():
        model, info = getattr(transformers, auto_class).from_pretrained(
            checkpoint, output_loading_info=True, **_options()
        )
    if info["missing_keys"]:
        raise CheckpointError(
            f"{checkpoint}: no weights for {sorted(info['missing_keys'])[0]}; it was trained for another type of task"
        )
    _pack_on_gpus(model)
    return model


def _pack_on_gpus(model: Any) -> None:
    if torch.cuda.is_available():
        packing.enable(model)


def _options() -> dict[str, Any]:
    return {"dtype": torch.float32, "use_safetensors": True, "trust_remote_code": False, **_attention()}


def _attention() -> dict[str, str]:
    # Fused attention for GPUs, which transformers takes unasked from architectures that have it and which DeBERTa-v2
    # and RemBERT have not; on CPUs its bf16 backward pass is slow, and in float32 the two differ little.
    return {} if torch.cuda.is_available() else {"attn_implementation": "eager"}
