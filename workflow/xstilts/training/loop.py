"""The fine-tuning loop: read it top to bottom.

AdamW with decoupled weight decay (not on biases and LayerNorm), linear warm-up and decay, gradient clipping: the recipe
of Devlin et al. 2019, appendix A.3, as jiant runs it for XTREME.
"""

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from xstilts.errors import XstiltsError
from xstilts.models.heads import Head, Item
from xstilts.seeds import derive_seed
from xstilts.training.batching import (
    inference_batches,
    micro_batches,
    padded_tokens,
    real_tokens,
    step_stream,
    token_budget,
)
from xstilts.training.progress import Progress


@dataclass
class History:
    """What one run did.

    Attributes:
        dev: English dev score after given steps: ``[{"step", "score"}]``.
        loss: mean training loss between dev scores.
        best_step: the step whose weights were kept.
        best_score: its English dev score (percent).
        seconds: training time without dev scoring.
        padding: padded fraction of the tokens that went through the model.
    """

    dev: list[dict[str, float]] = field(default_factory=list)
    loss: list[dict[str, float]] = field(default_factory=list)
    best_step: int = 0
    best_score: float = -math.inf
    steps: int = 0
    seconds: float = 0.0
    examples_per_second: float = 0.0
    tokens_per_second: float = 0.0
    padding: float = 0.0


def fine_tune(
    model: Any,
    head: Head,
    items: Sequence[Item],
    dev_score: Callable[[], float],
    recipe: Mapping[str, Any],
    learning_rate: float,
    device: torch.device,
    progress: Progress,
    log: Callable[[str, float, int], None],
) -> History:
    """Train ``model`` in place and leave it with the selected weights.

    Args:
        model: a ``transformers`` model with a head, on ``device``.
        head: the task type.
        items: encoded English training examples.
        dev_score: scores the model on English dev rows, in percent; higher is better.
        recipe: a resolved training recipe.
        learning_rate: peak learning rate (a recipe may name several, one run each).
        device: where to train.
        progress: receives every step.
        log: ``log(name, value, step)`` keeps curves.

    Raises:
        XstiltsError: the loss is not finite.
    """
    if recipe["freeze_embeddings"]:
        model.get_input_embeddings().requires_grad_(False)
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(
        _groups(trained, recipe["weight_decay"]), lr=learning_rate, eps=recipe["adam_epsilon"], fused=True
    )
    steps = total_steps(len(items), recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, linear_schedule(steps, round(steps * recipe["warmup"])))
    torch.manual_seed(derive_seed("dropout", recipe["seed"], recipe["phase"]))
    dev_steps = {math.ceil(steps * point / recipe["evaluations"]) for point in range(1, recipe["evaluations"] + 1)}
    history, kept = History(steps=steps), {}
    loss_sum, loss_from, real, padded = 0.0, 0, 0, 0
    budget = token_budget(recipe["micro_batch_tokens"], device.type)
    batches = step_stream(len(items), recipe["batch_size"], recipe["seed"], recipe["phase"])
    for step, indices in zip(range(1, steps + 1), batches, strict=False):
        began = time.monotonic()
        model.train()
        batch = [items[index] for index in indices]
        units = sum(map(head.units, batch))
        step_loss = 0.0
        for part in micro_batches(batch, budget):
            with autocast(device, recipe["precision"]):
                outputs = head.forward(model, part, device)
            loss = head.loss(outputs, part) / units
            loss.backward()
            step_loss += loss.item()
            padded += padded_tokens(part)
        if not math.isfinite(step_loss):
            raise XstiltsError(
                f"loss is {step_loss} at step {step} of {steps}; "
                f"lower learning_rate ({learning_rate:g}) or use precision: fp32"
            )
        torch.nn.utils.clip_grad_norm_(trained.values(), recipe["max_grad_norm"])
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        history.seconds += time.monotonic() - began
        tokens = real_tokens(batch)
        real += tokens
        loss_sum += step_loss
        progress.step(step, len(batch), tokens, f"loss {step_loss:.4f}")
        if step in dev_steps:
            score = dev_score()
            mean_loss = loss_sum / (step - loss_from)
            loss_sum, loss_from = 0.0, step
            history.dev.append({"step": step, "score": score})
            history.loss.append({"step": step, "loss": mean_loss})
            log("train/loss", mean_loss, step)
            log("dev/score", score, step)
            log("train/learning_rate", schedule.get_last_lr()[0], step)
            progress.say(f"step {step}/{steps} English dev {score:.2f}")
            if score > history.best_score or recipe["selection"] == "last":
                history.best_step, history.best_score = step, score
                kept = {name: parameter.detach().to("cpu", copy=True) for name, parameter in trained.items()}
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(kept[name])
    history.examples_per_second = steps * recipe["batch_size"] / history.seconds
    history.tokens_per_second = real / history.seconds
    history.padding = 1 - real / padded
    return history


@torch.no_grad()  # type: ignore[untyped-decorator]
def predict_logits(
    model: Any, head: Head, items: Sequence[Item], device: torch.device, max_tokens: int | None, precision: str = "fp32"
) -> list[Any]:
    """Unpadded logits of every item, in the items' order, from length-grouped passes without dropout."""
    model.eval()
    logits: list[Any] = [None] * len(items)
    for indices in inference_batches(items, token_budget(max_tokens, device.type)):
        batch = [items[index] for index in indices]
        with autocast(device, precision):
            outputs = head.forward(model, batch, device)
        for index, value in zip(indices, head.unpack(outputs, batch), strict=True):
            logits[index] = value
    return logits


def total_steps(count: int, recipe: Mapping[str, Any]) -> int:
    """Optimiser steps of a run over ``count`` examples; at least one."""
    steps: int = round(count * recipe["epochs"] / recipe["batch_size"])
    return max(1, steps)


def linear_schedule(steps: int, warmup: int) -> Callable[[int], float]:
    """Factor of the peak learning rate: up over ``warmup`` steps, then down to zero at ``steps``."""

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (steps - step) / max(1, steps - warmup))

    return factor


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager[Any]:
    """bf16 autocast where it is asked for, or (``auto``) where CUDA has it."""
    automatic = precision == "auto" and device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" or automatic else contextlib.nullcontext()


def _groups(trained: Mapping[str, torch.nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    matrices = [parameter for parameter in trained.values() if parameter.ndim > 1]
    vectors = [parameter for parameter in trained.values() if parameter.ndim <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
