"""Dropout whose masks cost a CPU little."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

_LEVELS = 1 << 16
_torchs_dropout = functional.dropout


@contextlib.contextmanager
def cheap_dropout(device: torch.device, *, compiled: bool) -> Iterator[None]:
    """Within it, dropout on a CPU draws 16 random bits per unit.

    torch's own masks took as long as a matrix product of a small encoder, on the AMD processor where that was measured.
    The distribution is the same (Srivastava et al. 2014, section 4): a unit is kept with the probability ``floor((1 -
    p) * 65536) / 65536`` and scaled by its inverse, so that expectations do not change. The bits come from torch's
    generator.

    Args:
        device: where the model is; a GPU's dropout costs little as it is.
        compiled: the model is compiled, which makes masks its own way.
    """
    if compiled or device.type != "cpu":
        yield
        return
    # Not a TorchFunctionMode: it is off in backward passes, where gradient checkpointing computes forward ones again.
    functional.dropout = _dropout
    try:
        yield
    finally:
        functional.dropout = _torchs_dropout


def _dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    kept = int((1 - p) * _LEVELS)
    if inplace or not training or not 0 < kept < _LEVELS:
        return _torchs_dropout(input, p, training, inplace)
    count = input.numel()
    bits = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
    # Into floats at once: torch compares into booleans without vector instructions.
    mask = torch.lt(bits[:count], kept - _LEVELS // 2, out=torch.empty(count, dtype=input.dtype))
    return input * mask.mul_(_LEVELS / kept).view(input.shape)
