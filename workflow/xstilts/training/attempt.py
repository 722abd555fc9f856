"""A run in motion: everything that a resumed run needs to go on bit for bit."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from xstilts.models import graphs
from xstilts.models.learner import Learner
from xstilts.seeds import derive_seed
from xstilts.training.history import History
from xstilts.training.methods import Auxiliary
from xstilts.training.setting import Setting
from xstilts.training.state import begin_optimised, optimised, random_state, restore_optimised, restore_random_state


class Attempt:
    """One training run at one learning rate.

    Args:
        learner: the model, on its device.
        setting: where and how it trains.
        recipe: a resolved training recipe.
        steps: how many optimiser steps.
        learning_rate: the peak.
        auxiliary: a method with a loss of its own.
        say: prints a line.

    Attributes:
        step: the last step done.
        history: what was done.
        kept: the selected weights, on the CPU.
        losses: training losses since the last dev score.
    """

    def __init__(
        self,
        learner: Learner,
        setting: Setting,
        recipe: Mapping[str, Any],
        steps: int,
        learning_rate: float,
        auxiliary: Auxiliary | None,
        say: Callable[[str], None],
    ) -> None:
        self.learner, self.setting, self.recipe, self.steps = learner, setting, recipe, steps
        self.learning_rate, self.auxiliary, self.say = learning_rate, auxiliary, say
        self.trained = {name: p for name, p in learner.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(self._groups(), eps=recipe["adam_epsilon"], fused=True)
        # Now, not at the first update: passes must leave room for it.
        begin_optimised(self.trained.values(), self.optimizer)
        self._factor = linear_schedule(steps, round(steps * recipe["warmup"]))
        self.step = 0
        self.history = History(steps=steps)
        self.kept: dict[str, Tensor] = {}
        self.losses: list[float] = []
        rank = setting.world.rank
        torch.manual_seed(derive_seed("dropout", setting.seed, setting.phase, *([rank] if rank else [])))

    def learning_rate_at(self, step: int) -> float:
        """The model's learning rate in a step, counted from 1."""
        return self.learning_rate * self._factor(step - 1)

    def set_learning_rate(self, step: int) -> None:
        """Give the optimiser the learning rate of a step, counted from 1."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate_at(step)

    def update(self) -> None:
        """Clip the gradients and take the optimiser's step."""
        torch.nn.utils.clip_grad_norm_(self.trained.values(), self.recipe["max_grad_norm"])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def keep(self) -> None:
        """Select the weights as they are."""
        on_gpu = self.setting.device.type == "cuda"
        if not self.kept:
            # A GPU writes into locked memory many times as fast.
            self.kept = {
                name: torch.empty_like(parameter, device="cpu", requires_grad=False, pin_memory=on_gpu)
                for name, parameter in self.trained.items()
            }
        for name, parameter in self.trained.items():
            self.kept[name].copy_(parameter.detach(), non_blocking=on_gpu)
        if on_gpu:
            torch.cuda.synchronize(self.setting.device)

    def release(self) -> None:
        """Give back the memory that only training needs: the next learning rate's attempt begins beside this one."""
        self.optimizer.zero_grad(set_to_none=True)
        self.optimizer.state.clear()
        graphs.drop(self.learner.encoder)

    def random_state(self) -> Tensor:
        """The generators that dropout draws from."""
        return random_state(self.setting.device)

    def restore_random_state(self, state: Tensor) -> bool:
        """Put :meth:`random_state` back; whether it was of such a device."""
        return restore_random_state(state, self.setting.device)

    def share_counts(self) -> None:
        """Bring the history's counters up to date, in all processes."""
        self.history.count(self.setting.world, self.setting.device, self.setting.counted)
        self.setting.counted.clear()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and facts from which :meth:`restore` goes on."""
        self.share_counts()
        tensors = optimised(self.trained, self.optimizer)
        tensors |= {f"kept/{name}": tensor for name, tensor in self.kept.items()}
        states = self.setting.world.gather(self.random_state(), self.setting.device)
        tensors |= {f"random/{rank}": state for rank, state in enumerate(states)}
        own, counters = ({}, {}) if self.auxiliary is None else self.auxiliary.state()
        tensors |= {f"auxiliary/{name}": tensor for name, tensor in own.items()}
        facts = {
            "step": self.step,
            "history": dataclasses.asdict(self.history),
            "losses": self.losses,
            "budget": self.setting.budget,
            "replays": self.setting.replays,
            "processes": self.setting.world.size,
            "auxiliary": counters,
        }
        return tensors, facts

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Take a saved state over."""
        restore_optimised(self.trained, self.optimizer, tensors)
        self.kept = below("kept", tensors)
        self.step, self.losses = facts["step"], list(facts["losses"])
        self.history = History(**facts["history"])
        self.setting.budget, self.setting.replays = facts["budget"], facts["replays"]
        if not self.setting.replays:
            graphs.drop(self.setting.encoder)
        if self.auxiliary is not None:
            self.auxiliary.restore(below("auxiliary", tensors), facts["auxiliary"])
        if facts["processes"] != self.setting.world.size:
            self.say(
                f"resumed on {self.setting.world.size} processes instead of {facts['processes']}: new dropout masks"
            )
        elif not self.restore_random_state(tensors[f"random/{self.setting.world.rank}"]):
            self.say(f"resumed on another kind of device, {self.setting.device.type}: new dropout masks")

    def _groups(self) -> list[dict[str, Any]]:
        matrices = [parameter for parameter in self.trained.values() if parameter.ndim > 1]
        vectors = [parameter for parameter in self.trained.values() if parameter.ndim <= 1]
        return [
            {"params": matrices, "weight_decay": self.recipe["weight_decay"]},
            {"params": vectors, "weight_decay": 0.0},
        ]


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin so, without that."""
    return {name.removeprefix(f"{prefix}/"): t for name, t in tensors.items() if name.startswith(f"{prefix}/")}


def linear_schedule(steps: int, warmup: int) -> Callable[[int], float]:
    """Factor of the peak learning rate: up over ``warmup`` steps, then down to zero at ``steps``."""

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (steps - step) / max(1, steps - warmup))

    return factor
