"""What a run works in: the device, the processes, the precision, and the unlabelled text that a method may want."""

import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from xstilts.models.graphs import Goal, announced
from xstilts.models.heads import Item
from xstilts.models.heads.base import padded
from xstilts.models.packing import packed, packs
from xstilts.training.batching import (
    attention_pairs,
    least_tokens,
    longest,
    micro_batches,
    padded_tokens,
    real_tokens,
    row_batches,
    token_budget,
)
from xstilts.training.parallel import World

T = TypeVar("T")


@dataclass
class Setting:
    """Where and how a run trains.

    Attributes:
        encoder: the encoder under the heads.
        tokenizer: its tokenizer.
        device: where it is.
        world: the processes that train it.
        seed: of the run.
        phase: ``intermediate`` or ``target``.
        precision_name: ``auto``, ``fp32`` or ``bf16``.
        budget: padded tokens per pass; lowered when memory runs out.
        least: padded tokens below which a pass takes no less time.
        texts: token ids of unlabelled sentences by language.
        replays: whether passes may be CUDA graphs; not any more once memory has run out.
        counted: what this process alone counted since the history was last brought up to date.
    """

    encoder: Any
    tokenizer: Any
    device: torch.device
    world: World
    seed: int
    phase: str
    precision_name: str
    budget: int
    least: int
    texts: Mapping[str, Sequence[list[int]]] = field(default_factory=dict)
    replays: bool = True
    counted: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @classmethod
    def of(
        cls, recipe: Mapping[str, Any], encoder: Any, tokenizer: Any, device: torch.device, world: World, texts: Any
    ) -> "Setting":
        """The setting that a training recipe asks for."""
        with autocast(device, recipe["precision"]):
            precision = "bf16" if torch.is_autocast_enabled(device.type) else "fp32"
        return cls(
            encoder,
            tokenizer,
            device,
            world,
            recipe["seed"],
            recipe["phase"],
            recipe["precision"],
            token_budget(recipe["micro_batch_tokens"], device.type),
            least_tokens(device.type, precision),
            texts,
        )

    def precision(self) -> contextlib.AbstractContextManager[Any]:
        """The context in which forward passes run."""
        return autocast(self.device, self.precision_name)

    @property
    def packs(self) -> bool:
        """Whether passes go through the encoder without padding."""
        with self.precision():
            return packs(self.encoder, self.device)

    def cut(self, items: Sequence[Item]) -> list[list[Item]]:
        """The passes that a step's items take."""
        if self.packs:
            return row_batches(items, self.budget)
        return micro_batches(items, self.budget, self.least)

    def tokens(self, items: Sequence[Item]) -> int:
        """Tokens that go through the encoder in a pass over ``items``, with the padding that it has."""
        return real_tokens(items) if self.packs else padded_tokens(items)

    def count_passes(self, items: Sequence[Item], passes: float) -> None:
        """Count what the encoder computes in passes over ``items``: a forward and a whole backward pass are one."""
        tokens = self.tokens(items)
        self.counted["passed_tokens"] += tokens * passes
        self.counted["token_pairs"] += (attention_pairs(items) if self.packs else tokens * longest(items)) * passes

    def states(self, sequences: Sequence[list[int]], passes: float) -> tuple[Tensor, Tensor]:
        """The encoder's last states of sequences of token ids, ``(sequences, tokens, width)``, and their mask.

        Where gradients are wanted, one backward pass to all parameters follows.
        Counted as :meth:`count_passes` does.
        """
        items = [Item(0, [ids]) for ids in sequences]
        self.count_passes(items, passes)
        inputs = padded(items, self.tokenizer.pad_token_id, self.device)
        goal = Goal.PARAMETERS if torch.is_grad_enabled() else Goal.NOWHERE
        with self.precision(), announced(self.encoder, goal):
            found = self.encoder(**packed(self.encoder, inputs, list(map(len, sequences)))).last_hidden_state
        return found, inputs["attention_mask"]

    def micro_batches(self, drawn: Sequence[tuple[int, list[int]]]) -> list[list[tuple[int, list[int]]]]:
        """Cut numbered sequences, sorted by length, into passes within the budget."""
        parts: list[list[tuple[int, list[int]]]] = []
        for entry in sorted(drawn, key=lambda pair: len(pair[1])):
            if parts and (len(parts[-1]) + 1) * len(entry[1]) <= self.budget:
                parts[-1].append(entry)
            else:
                parts.append([entry])
        return parts


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager[Any]:
    """bf16 autocast where it is asked for, or (``auto``) where the GPU has it; emulated, it is slower than float32."""
    if precision == "auto" and device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        precision = "bf16"
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else contextlib.nullcontext()
