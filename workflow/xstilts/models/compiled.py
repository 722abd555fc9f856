"""An encoder's layers, compiled."""

import os
import shutil
from typing import Any

import torch

from xstilts.errors import XstiltsError


def compile_layers(encoder: Any, backend: str = "inductor") -> None:
    """Have the layers compiled for sequences of any number and length.

    They are alike, so that one compilation serves them all; what stands before and behind them, and what a method does
    to the embeddings, is not compiled.

    Raises:
        XstiltsError: the machine has no compiler for what torch writes.
    """
    from transformers.modeling_layers import GradientCheckpointingLayer

    variable, usual = ("CC", ("gcc", "clang")) if encoder.device.type == "cuda" else ("CXX", ("g++", "clang++"))
    wanted = os.environ.get(variable, "").split()[:1] or usual
    if not any(map(shutil.which, wanted)):
        raise XstiltsError(
            f"compile: true wants a compiler, and {' or '.join(wanted)} is not there; install one, set {variable}, "
            "or leave compile: true out"
        )
    # By measured times it would choose kernels, which a resumed run could choose differently.
    torch._inductor.config.deterministic = True
    for layer in encoder.modules():
        if isinstance(layer, GradientCheckpointingLayer):
            layer.forward = torch.compile(layer.forward, dynamic=True, backend=backend)
