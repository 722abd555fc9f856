"""What the training loop and the evaluation ask of a head."""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

Row = Mapping[str, Any]


@dataclass(slots=True)
class Item:
    """One example of the optimiser.

    Attributes:
        row: index of the row it comes from (a long document leaves several items).
        sequences: token ids, one list per sequence (one, or one per choice).
        types: token type ids beside ``sequences`` where the encoder has them, else empty.
        target: what the loss needs; depends on the head.
        note: what decoding needs; depends on the head.
    """

    row: int
    sequences: list[list[int]]
    types: list[list[int]] = field(default_factory=list)
    target: Any = None
    note: Any = None

    @property
    def length(self) -> int:
        """Tokens of its longest sequence."""
        return max(map(len, self.sequences))


class Head(abc.ABC):
    """A task type: how rows become items, what the loss is, how outputs become predictions.

    Args:
        labels: label names in output order.
        tokenizer: a fast tokenizer.
        options: ``max_length`` and, for span QA, ``doc_stride``, ``max_question_length`` and ``max_answer_length``;
            all in tokens.
    """

    auto_class: ClassVar[str]

    def __init__(self, labels: Sequence[str], tokenizer: Any, options: Mapping[str, Any]) -> None:
        self.labels = tuple(labels)
        self.index = {label: position for position, label in enumerate(self.labels)}
        self.tokenizer = tokenizer
        self.options = options

    @abc.abstractmethod
    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """Tokenise rows; with ``train``, items without a usable target are left out."""

    @abc.abstractmethod
    def loss(self, outputs: Any, items: Sequence[Item]) -> Tensor:
        """Summed cross-entropy (float32 scalar) of a forward pass over ``items``."""

    @abc.abstractmethod
    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """Logits of each item as NumPy arrays without padding, in the form that :meth:`decode` takes."""

    @abc.abstractmethod
    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """Predictions, one per row, in the order of the rows."""

    def units(self, item: Item) -> int:
        """Number of terms the item adds to the loss; the mean over a batch is taken over them."""
        return 1

    def forward(self, model: Any, items: Sequence[Item], device: torch.device) -> Any:
        """Pad the items' sequences into one batch and run the model."""
        sequences = [sequence for item in items for sequence in item.sequences]
        inputs = {"input_ids": _pad(sequences, self.tokenizer.pad_token_id, device)}
        inputs["attention_mask"] = _pad([[1] * len(sequence) for sequence in sequences], 0, device)
        if items[0].types:
            inputs["token_type_ids"] = _pad([types for item in items for types in item.types], 0, device)
        return model(**self.shape(inputs, len(items)))

    def shape(self, inputs: dict[str, Tensor], n: int) -> dict[str, Tensor]:
        """Arrange ``(sequences, tokens)`` tensors as the model wants them."""
        return inputs

    def tokenize(self, first: Sequence[str], second: Sequence[str] | None = None, **options: Any) -> Any:
        """Run the tokenizer over texts or pairs, truncating to ``max_length`` from the longer side."""
        arguments = {"truncation": True, "max_length": self.options["max_length"], "return_attention_mask": False}
        return self.tokenizer(list(first), None if second is None else list(second), **(arguments | options))


def types_of(encoding: Any, position: int) -> list[list[int]]:
    """Token type ids of one encoded sequence as :class:`Item` keeps them."""
    return [encoding["token_type_ids"][position]] if "token_type_ids" in encoding else []


def _pad(sequences: Sequence[Sequence[int]], value: int, device: torch.device) -> Tensor:
    width = max(map(len, sequences))
    padded = [[*sequence, *[value] * (width - len(sequence))] for sequence in sequences]
    return torch.tensor(padded, dtype=torch.long).to(device, non_blocking=True)
