"""What a run costs: floating-point operations, and how much of a device's peak it used."""

import re
from typing import Any

# Operations of a pass per parameter and token, forward and backward (Kaplan et al. 2020, section 2.1).
TRAINING_FLOPS = 6.0
# The share of a pass, forward and backward, that is its forward half: the backward one multiplies twice as much.
FORWARD = 1 / 3
# The same of a pass that asks for the gradient of a perturbation, and not of the parameters.
ASCENT = 2 / 3
# Dense bf16 peaks in TFLOP/s from the maker's data sheets, by words of the name that CUDA reports; the longer first.
PEAKS = {
    "H200 NVL": 835.5,
    "H200": 989.4,
    "H100 NVL": 835.5,
    "H100 PCIe": 756.0,
    "H100": 989.4,
    "A100": 312.0,
    "L40S": 362.0,
    "L40": 181.0,
    "L4": 121.0,
}


def parameters_at_work(model: Any) -> int:
    """Parameters that every token passes through: all but the embedding tables, which are only looked up."""
    return sum(parameter.numel() for name, parameter in model.named_parameters() if "embeddings" not in name)


def training_flops(model: Any, tokens: float, token_pairs: float) -> float:
    """Operations of forward and backward passes over ``tokens`` tokens that form ``token_pairs`` attention pairs.

    Six per parameter and token, and twelve per layer, state dimension and pair of tokens (Chowdhery et al. 2022,
    appendix B).
    """
    config = model.config
    attention: float = 12.0 * config.num_hidden_layers * config.hidden_size * token_pairs
    return TRAINING_FLOPS * parameters_at_work(model) * tokens + attention


def named_peak(device_name: str) -> float | None:
    """The device's dense bf16 peak (FLOP/s); None for a device that is not in the table, and for a part of one."""
    if re.search(r"\bMIG\b", device_name):
        return None
    return next((peak * 1e12 for part, peak in PEAKS.items() if re.search(rf"\b{part}\b", device_name)), None)
