"""The fine-tuning loop: read it top to bottom.

AdamW with decoupled weight decay (not on biases and LayerNorm), linear warm-up and decay, gradient clipping: the recipe
of Devlin et al. 2019, appendix A.3, as jiant runs it for XTREME.
"""

import contextlib
import functools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xstilts.errors import XstiltsError
from xstilts.models import graphs
from xstilts.models.heads import Head, Item
from xstilts.training.attempt import Attempt
from xstilts.training.batching import inference_batches, real_tokens, token_budget
from xstilts.training.cost import FORWARD
from xstilts.training.dropout import cheap_dropout
from xstilts.training.methods import Auxiliary, Inputs, Objective
from xstilts.training.parallel import deterministic
from xstilts.training.passes import Passes
from xstilts.training.progress import Progress
from xstilts.training.setting import autocast
from xstilts.training.streams import Mixture, Stream

# Tokens of a pass below which replaying it takes no less time, of XLM-R Large on an H200.
_LEAST_REPLAYED = 1024


def fine_tune(
    attempt: Attempt,
    mixture: Mixture,
    objective: Objective,
    inputs: Inputs | None,
    dev_scores: Callable[[], dict[str, float]],
    progress: Progress,
    log: Callable[[str, float, int], None],
    after_step: Callable[[], None],
    observe: Callable[[Stream, Sequence[tuple[int, int]], Sequence[Item], Any], None] | None = None,
) -> None:
    """Train what ``attempt`` holds, from its step on to its last.

    Args:
        attempt: model, optimiser and history; left with the selected weights in ``attempt.kept``.
        mixture: which examples each step draws.
        objective: the passes that a micro-batch takes.
        inputs: what the drawn examples look like; as they are, unless given.
        dev_scores: English dev score of every stream, in percent; higher is better.
        progress: receives every step.
        log: ``log(name, value, step)`` keeps curves.
        after_step: called when a step is done, its dev score included; may save the state, and may raise.
        observe: receives every micro-batch, as indices and epochs and as items, with the outputs of its clean pass; of
            a pass that ran out of memory too, before the one that did not.

    Raises:
        XstiltsError: the loss is not finite, or one example alone does not fit into memory.
    """
    recipe, setting, history = attempt.recipe, attempt.setting, attempt.history
    deterministic(packed=setting.packs)
    points = range(1, recipe["evaluations"] + 1)
    dev_steps = {math.ceil(attempt.steps * point / recipe["evaluations"]) for point in points}
    batches = (_Batch(attempt, inputs, *drawn) for drawn in mixture.steps(attempt.step + 1))
    following = next(batches)
    for step in range(attempt.step + 1, attempt.steps + 1):
        began = time.monotonic()
        batch, following = following, next(batches)
        stream, items = batch.stream, batch.items
        attempt.set_learning_rate(step)
        units = setting.world.total(sum(map(stream.head.units, items)), setting.device)
        see = None if observe is None else _told_places(observe, batch)
        with cheap_dropout(setting.device, compiled=recipe["compile"]):
            loss = _backward_within_memory(attempt, stream, items, units, objective, see)
            if attempt.auxiliary is not None:
                _auxiliary_within_memory(attempt, attempt.auxiliary, step)
        told = _Told(setting.world.sum_gradients(attempt.trained.values(), loss))
        attempt.update()
        if step < attempt.steps and (inputs is None or not inputs.looks):
            following.prepare()
        loss = told.value()
        if not math.isfinite(loss):
            rows = [str(stream.rows[stream.items[index].row]["id"]) for index in batch.drawn]
            raise XstiltsError(
                f"loss is {loss} at step {step} of {attempt.steps}, rows {', '.join(rows[:4])} …; "
                f"lower learning_rate ({attempt.learning_rate:g}) or use precision: fp32"
            )
        attempt.step = step
        attempt.losses.append(loss)
        history.step_seconds += time.monotonic() - began
        progress.step(step, recipe["batch_size"], real_tokens(items) * setting.world.size, f"loss {loss:.4f}")
        if step in dev_steps:
            _score(attempt, dev_scores, progress, log)
        after_step()
    attempt.share_counts()
    history.finish(recipe["batch_size"])


class _Told:
    """A number on its way from a GPU, which goes on computing meanwhile."""

    def __init__(self, number: Tensor) -> None:
        self._number, self._there = number, None
        if number.device.type == "cuda":
            self._number = torch.empty_like(number, device="cpu", pin_memory=True).copy_(number, non_blocking=True)
            self._there = torch.cuda.Event()
            self._there.record()

    def value(self) -> float:
        """The number, once it is here."""
        if self._there is not None:
            self._there.synchronize()
        return float(self._number)


class _Batch:
    """The examples of a step.

    Attributes:
        stream: where they are from.
        drawn: indices of all processes' items.
        own: indices and epochs of those of this process.
    """

    def __init__(
        self, attempt: Attempt, inputs: Inputs | None, stream: Stream, indices: np.ndarray, epochs: np.ndarray
    ) -> None:
        self._attempt, self._inputs, self.stream = attempt, inputs, stream
        self.drawn: list[int] = indices.tolist()
        self.own = attempt.setting.world.share(list(zip(self.drawn, epochs.tolist(), strict=True)))

    @functools.cached_property
    def items(self) -> list[Item]:
        """Own items: perturbed by the method, masked where they are text, or as they are."""
        indices, epochs = [index for index, _ in self.own], [epoch for _, epoch in self.own]
        if self._inputs is None or not self.stream.labelled or not self.own:
            return self.stream.visit(indices, epochs)
        return self._inputs.present(self.stream, indices, epochs, self._losses)

    def prepare(self) -> None:
        """Make the items now, while a GPU computes, and not when they are asked for."""
        _ = self.items

    def _losses(self, items: Sequence[Item]) -> Tensor:
        setting = self._attempt.setting
        return item_losses(
            self._attempt.learner.models[self.stream.key],
            self.stream.head,
            items,
            setting.device,
            setting.budget,
            setting.precision_name,
            lambda part: setting.count_passes(part, FORWARD),
        )


def _told_places(
    observe: Callable[[Stream, Sequence[tuple[int, int]], Sequence[Item], Any], None], batch: _Batch
) -> Callable[[Sequence[Item], Any], None]:
    """An observer of passes over parts of a step's batch, which it finds again among the drawn indices."""
    places = {id(item): place for item, place in zip(batch.items, batch.own, strict=True)}
    return lambda items, outputs: observe(batch.stream, [places[id(item)] for item in items], items, outputs)


def _backward_within_memory(
    attempt: Attempt,
    stream: Stream,
    batch: Sequence[Item],
    units: float,
    objective: Objective,
    see: Callable[[Sequence[Item], Any], None] | None,
) -> Tensor:
    """The batch's gradient; when memory runs out, the same again with less, from now on."""
    setting, cleared = attempt.setting, False
    while True:
        start, counted = attempt.random_state(), dict(setting.counted)
        # Handled below: what is being handled keeps the failed pass's activations alive.
        with contextlib.suppress(torch.OutOfMemoryError):
            return _backward(attempt, stream, batch, units, objective, see)
        if graphs.clear(setting.encoder) and not cleared:
            cleared = True
        else:
            attempt.say(f"out of memory: {_need_less(attempt, batch)} from here on")
        _before(attempt, start, counted)


def _need_less(attempt: Attempt, batch: Sequence[Item]) -> str:
    """Change the setting so that passes take less memory; how, in words."""
    setting = attempt.setting
    largest = max(map(setting.tokens, setting.cut(batch)))
    divisible = largest > max(setting.tokens([item]) for item in batch)
    if not (divisible and largest >= 2 * _LEAST_REPLAYED) and graphs.drop(setting.encoder):
        setting.replays = False
        return "without CUDA graphs"
    if not divisible:
        raise XstiltsError(
            f"out of memory at step {attempt.step + 1} with one example of {largest} tokens in a pass; "
            "lower max_length, or set gradient_checkpointing: true"
        )
    setting.budget = largest // 2
    return f"passes of at most {setting.budget} tokens"


def _before(attempt: Attempt, random_state: Tensor, counted: Mapping[str, float]) -> None:
    """Go back to where a step began that ran out of memory."""
    attempt.optimizer.zero_grad(set_to_none=True)
    attempt.setting.counted.clear()
    attempt.setting.counted.update(counted)
    attempt.restore_random_state(random_state)
    if attempt.setting.device.type == "cuda":
        torch.cuda.empty_cache()


def _auxiliary_within_memory(attempt: Attempt, auxiliary: Auxiliary, step: int) -> None:
    """The gradient of a method's own loss; it has moved what it trains, so that it cannot be done again."""
    try:
        auxiliary.backward(step, attempt.steps)
    except torch.OutOfMemoryError:
        raise XstiltsError(
            f"out of memory at step {step} in {auxiliary.name}'s own passes of {attempt.setting.budget} tokens; "
            f"set micro_batch_tokens to {attempt.setting.budget // 2}"
        ) from None


def _backward(
    attempt: Attempt,
    stream: Stream,
    batch: Sequence[Item],
    units: float,
    objective: Objective,
    see: Callable[[Sequence[Item], Any], None] | None,
) -> Tensor:
    model, setting, counted = attempt.learner.models[stream.key], attempt.setting, attempt.setting.counted
    attempt.learner.train()
    total = torch.zeros((), device=setting.device)
    for part in setting.cut(batch):
        passes = Passes(model, stream.head, part, units, setting.device, setting.precision, see)
        total = total + objective.backward(passes)
        counted["tokens"] += real_tokens(part)
        counted["padded_tokens"] += setting.tokens(part)
        setting.count_passes(part, passes.done)
    return total


def _score(
    attempt: Attempt,
    dev_scores: Callable[[], dict[str, float]],
    progress: Progress,
    log: Callable[[str, float, int], None],
) -> None:
    """Score English dev, keep the weights if they are to be kept, and write it all down."""
    step, history = attempt.step, attempt.history
    scores = dev_scores()
    score = attempt.setting.world.first_says(sum(scores.values()) / len(scores), attempt.setting.device)
    entry: dict[str, Any] = {"step": step, "score": score}
    history.dev.append(entry | {"tasks": scores} if len(scores) > 1 else entry)
    mean_loss = sum(attempt.losses) / len(attempt.losses)
    attempt.losses.clear()
    history.loss.append({"step": step, "loss": mean_loss})
    log("train/loss", mean_loss, step)
    log("dev/score", score, step)
    log("train/learning_rate", attempt.learning_rate_at(step), step)
    note = ""
    if attempt.auxiliary is not None:
        found = attempt.auxiliary.report()
        history.method.append({"step": step} | found)
        for name, value in found.items():
            log(f"method/{name}", value, step)
        note = " " + " ".join(f"{name} {value:.1f}" for name, value in found.items())
    progress.say(f"step {step}/{attempt.steps} English dev {score:.2f}{note}")
    if score > history.best_score or attempt.recipe["selection"] == "last":
        history.best_step, history.best_score = step, score
        attempt.keep()


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


@torch.no_grad()  # type: ignore[untyped-decorator]
def item_losses(
    model: Any,
    head: Head,
    items: Sequence[Item],
    device: torch.device,
    max_tokens: int | None,
    precision: str = "fp32",
    count: Callable[[Sequence[Item]], None] = lambda part: None,
) -> Tensor:
    """Loss of every item, ``(items,)`` on the CPU, from length-grouped passes without dropout.

    ``count`` is told the items of every pass.
    """
    model.eval()
    losses = torch.zeros(len(items))
    for indices in inference_batches(items, token_budget(max_tokens, device.type)):
        batch = [items[index] for index in indices]
        with autocast(device, precision), graphs.announced(model, graphs.Goal.NOWHERE):
            outputs = head.forward(model, batch, device)
        count(batch)
        losses[indices] = head.terms(outputs, batch).item_losses(len(batch)).cpu()
    return losses


def total_steps(count: int, recipe: Mapping[str, Any]) -> int:
    """Optimiser steps of a run over ``count`` examples; at least one."""
    steps: int = round(count * recipe["epochs"] / recipe["batch_size"])
    return max(1, steps)
