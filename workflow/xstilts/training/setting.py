"""What a run works in: the device, the processes, the precision, and the unlabelled text that a method may want."""

import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from xstilts.training.batching import least_tokens, token_budget
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
    counted: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @classmethod
    def of(
        cls, recipe: Mapping[str, Any], encoder: Any, tokenizer: Any, device: torch.device, world: World, texts: Any
    ) -> "Setting":
        """The setting that a training recipe asks for."""
        return cls(
            encoder,
            tokenizer,
            device,
            world,
            recipe["seed"],
            recipe["phase"],
            recipe["precision"],
            token_budget(recipe["micro_batch_tokens"], device.type),
            least_tokens(device.type),
            texts,
        )

    def precision(self) -> contextlib.AbstractContextManager[Any]:
        """The context in which forward passes run."""
        return autocast(self.device, self.precision_name)

    def count_passes(self, tokens: int, length: int, passes: float) -> None:
        """Count what the encoder computes: a forward and a whole backward pass are one.

        Args:
            tokens: in one pass, with padding.
            length: of its sequences.
            passes: how many.
        """
        self.counted["passed_tokens"] += tokens * passes
        self.counted["token_pairs"] += tokens * length * passes

    def collate(self, sequences: Sequence[list[int]]) -> dict[str, Tensor]:
        """Pad token ids into ``input_ids`` and ``attention_mask``, ``(sequences, tokens)``."""
        width = max(map(len, sequences))
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[*sequence, *[pad] * (width - len(sequence))] for sequence in sequences])
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        mask = (torch.arange(width) < lengths[:, None]).long()
        return {"input_ids": ids.to(self.device), "attention_mask": mask.to(self.device)}

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
