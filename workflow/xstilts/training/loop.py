"""The fine-tuning loop: read it top to bottom.

AdamW with decoupled weight decay (not on biases and LayerNorm), linear warm-up and decay, gradient clipping: the recipe
of Devlin et al. 2019, appendix A.3, as jiant runs it for XTREME.
"""

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
    steps = mixture.steps(attempt.step + 1)
    for step, (stream, indices, epochs) in zip(range(attempt.step + 1, attempt.steps + 1), steps, strict=False):
        began = time.monotonic()
        attempt.set_learning_rate(step)
        own = setting.world.share(list(zip(indices.tolist(), epochs.tolist(), strict=True)))
        batch = _present(attempt, stream, own, inputs)
        units = setting.world.total(sum(map(stream.head.units, batch)), setting.device)
        see = None if observe is None else _told_places(observe, stream, batch, own)
        with cheap_dropout(setting.device, compiled=recipe["compile"]):
            loss = _backward_within_memory(attempt, stream, batch, units, objective, see)
            if attempt.auxiliary is not None:
                _auxiliary_within_memory(attempt, attempt.auxiliary, step)
        told = _Told(setting.world.sum_gradients(attempt.trained.values(), loss))
        attempt.update()
        loss = told.value()
        if not math.isfinite(loss):
            rows = [str(stream.rows[stream.items[index].row]["id"]) for index in indices]
            raise XstiltsError(
                f"loss is {loss} at step {step} of {attempt.steps}, rows {', '.join(rows[:4])} …; "
                f"lower learning_rate ({attempt.learning_rate:g}) or use precision: fp32"
            )
        attempt.step = step
        attempt.losses.append(loss)
        history.step_seconds += time.monotonic() - began
        progress.step(step, recipe["batch_size"], real_tokens(batch) * setting.world.size, f"loss {loss:.4f}")
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


def _present(attempt: Attempt, stream: Stream, own: Sequence[tuple[int, int]], inputs: Inputs | None) -> list[Item]:
    """The items of a step: perturbed by the method, masked where they are text, or as they are."""
    indices, epochs = [index for index, _ in own], [epoch for _, epoch in own]
    if inputs is None or not stream.labelled or not own:
        return stream.visit(indices, epochs)
    setting = attempt.setting

    def losses(items: Sequence[Item]) -> Tensor:
        return item_losses(
            attempt.learner.models[stream.key],
            stream.head,
            items,
            setting.device,
            setting.budget,
            setting.precision_name,
            lambda part: setting.count_passes(part, FORWARD),
        )

    return inputs.present(stream, indices, epochs, losses)


def _told_places(
    observe: Callable[[Stream, Sequence[tuple[int, int]], Sequence[Item], Any], None],
    stream: Stream,
    batch: Sequence[Item],
    own: Sequence[tuple[int, int]],
) -> Callable[[Sequence[Item], Any], None]:
    """An observer of passes over parts of a step's batch, which it finds again among the drawn indices."""
    places = {id(item): place for item, place in zip(batch, own, strict=True)}
    return lambda items, outputs: observe(stream, [places[id(item)] for item in items], items, outputs)


def _backward_within_memory(
    attempt: Attempt,
    stream: Stream,
    batch: Sequence[Item],
    units: float,
    objective: Objective,
    see: Callable[[Sequence[Item], Any], None] | None,
) -> Tensor:
    """The batch's gradient; when memory runs out, the same again in smaller passes, from now on."""
    setting = attempt.setting
    while True:
        start, counted = attempt.random_state(), dict(setting.counted)
        # Handled below: what is being handled keeps the failed pass's activations alive.
        with contextlib.suppress(torch.OutOfMemoryError):
            return _backward(attempt, stream, batch, units, objective, see)
        if graphs.drop(setting.encoder):
            attempt.say("out of memory: without CUDA graphs from here on")
            _before(attempt, start, counted)
            continue
        largest = max(map(setting.tokens, setting.cut(batch)))
        if largest <= max(setting.tokens([item]) for item in batch):
            raise XstiltsError(
                f"out of memory at step {attempt.step + 1} with one example of {largest} tokens in a pass; "
                "lower max_length, or set gradient_checkpointing: true"
            )
        setting.budget = largest // 2
        attempt.say(f"out of memory: passes of at most {setting.budget} tokens from here on")
        _before(attempt, start, counted)


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
        with autocast(device, precision):
            outputs = head.forward(model, batch, device)
        count(batch)
        losses[indices] = head.terms(outputs, batch).item_losses(len(batch)).cpu()
    return losses


def total_steps(count: int, recipe: Mapping[str, Any]) -> int:
    """Optimiser steps of a run over ``count`` examples; at least one."""
    steps: int = round(count * recipe["epochs"] / recipe["batch_size"])
    return max(1, steps)
