"""What a run did, step by step, as its manifest tells it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from xstilts.training.parallel import World

COUNTED = ("tokens", "padded_tokens", "passed_tokens", "token_pairs", "extra_flops")


@dataclass
class History:
    """What one run did.

    Attributes:
        dev: English dev score after given steps: ``[{"step", "score"}]``, and the scores of the tasks where there are
            several: ``{"tasks": {name: score}}``.
        loss: mean training loss between dev scores.
        method: what the methods reported between dev scores.
        best_step: the step whose weights were kept.
        best_score: its English dev score (percent).
        steps: optimiser steps.
        step_seconds: training time without dev scoring.
        tokens: tokens of the examples in all processes, without padding.
        padded_tokens: the same with padding.
        passed_tokens: the same in every pass that the methods took, of candidates and unlabelled text too; a pass is
            one forward and one backward, a forward one alone a third.
        token_pairs: attention pairs of those passes.
        extra_flops: operations of what methods train beside the model.
        examples_per_second: of the training time.
        tokens_per_second: without padding.
        padding: padded fraction of the tokens that went through the model.
    """

    dev: list[dict[str, Any]] = field(default_factory=list)
    loss: list[dict[str, float]] = field(default_factory=list)
    method: list[dict[str, Any]] = field(default_factory=list)
    best_step: int = 0
    best_score: float = -math.inf
    steps: int = 0
    step_seconds: float = 0.0
    tokens: int = 0
    padded_tokens: int = 0
    passed_tokens: float = 0.0
    token_pairs: float = 0.0
    extra_flops: float = 0.0
    examples_per_second: float = 0.0
    tokens_per_second: float = 0.0
    padding: float = 0.0

    def count(self, world: World, device: torch.device, counted: Mapping[str, float]) -> None:
        """Add what every process counted, by attribute."""
        for name, total in zip(
            COUNTED, world.totals([counted.get(name, 0.0) for name in COUNTED], device), strict=True
        ):
            setattr(self, name, getattr(self, name) + type(getattr(self, name))(total))

    def finish(self, batch_size: int) -> None:
        """Work out rates once the last step is done."""
        self.examples_per_second = self.steps * batch_size / self.step_seconds
        self.tokens_per_second = self.tokens / self.step_seconds
        self.padding = 1 - self.tokens / self.padded_tokens
