"""What the training loop and the evaluation ask of a head."""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax

from xstilts.models.packing import packed
from xstilts.models.segment import Segmenter

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


@dataclass(slots=True)
class Terms:
    """The classifications that a forward pass comes down to: one per label, tagged token, or end of a span.

    Attributes:
        logits: ``(terms, classes)``; classes that cannot be chosen, such as padding, hold the dtype's lowest value.
        targets: ``(terms,)`` indices of the gold classes.
        owners: ``(terms,)`` index, within the pass, of the item a term belongs to.
        weight: what a term counts in the loss.
    """

    logits: Tensor
    targets: Tensor
    owners: Tensor
    weight: float = 1.0

    def loss(self) -> Tensor:
        """Weighted cross-entropy, summed (float32 scalar)."""
        return cross_entropy(self.logits.float(), self.targets, reduction="sum") * self.weight

    def item_losses(self, count: int) -> Tensor:
        """The same, of each of ``count`` items: ``(count,)``."""
        losses = cross_entropy(self.logits.float(), self.targets, reduction="none") * self.weight
        return losses.new_zeros(count).index_add(0, self.owners, losses)

    def log_probabilities(self) -> Tensor:
        """``(terms, classes)``, float32."""
        return log_softmax(self.logits.float(), -1)


class Head(abc.ABC):
    """A task type: how rows become items, what the loss is, how outputs become predictions.

    Args:
        labels: label names in output order.
        tokenizer: a fast tokenizer.
        options: ``max_length`` and, for span QA, ``doc_stride``, ``max_question_length`` and ``max_answer_length``, all
            in tokens, and ``context_cuts`` (:mod:`xstilts.models.cuts`).
    """

    auto_class: ClassVar[str]

    def __init__(self, labels: Sequence[str], tokenizer: Any, options: Mapping[str, Any]) -> None:
        self.labels = tuple(labels)
        self.index = {label: position for position, label in enumerate(self.labels)}
        self.tokenizer = tokenizer
        self.options = options
        self.segmenter = Segmenter(tokenizer)

    @abc.abstractmethod
    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """Tokenise rows; with ``train``, items without a usable target are left out."""

    @abc.abstractmethod
    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """The classifications in a forward pass over ``items``; their loss is what training minimises."""

    @abc.abstractmethod
    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """Logits of each item as NumPy arrays without padding, in the form that :meth:`decode` takes."""

    @abc.abstractmethod
    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """Predictions, one per row, in the order of the rows."""

    def calibrate(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> dict[str, float]:
        """Options of :meth:`decode` to choose on English dev rows; none, unless the type has some."""
        return {}

    def units(self, item: Item) -> int:
        """Number of terms the item adds to the loss; the mean over a batch is taken over them."""
        return 1

    def holds_gold(self, row: Row, item: Item) -> bool:
        """Whether the item's target is the row's gold answer, and not that the answer stands in another item."""
        return True

    def laid_out(self, items: Sequence[Item]) -> Sequence[Item]:
        """The items with the sequences that a pass over them has."""
        return items

    def collate(self, items: Sequence[Item], device: torch.device) -> dict[str, Tensor]:
        """Pad the items' sequences into the tensors that the model takes."""
        return self.shape(padded(self.laid_out(items), self.tokenizer.pad_token_id, device), len(items))

    def run(self, model: Any, inputs: Mapping[str, Tensor], items: Sequence[Item]) -> Any:
        """One forward pass over collated items."""
        return model(**self.packed(model, inputs, items))

    def packed(self, model: Any, inputs: Mapping[str, Tensor], items: Sequence[Item]) -> dict[str, Any]:
        """What ``model`` takes for collated items: without their padding, where it can."""
        return packed(model, inputs, [len(ids) for item in self.laid_out(items) for ids in item.sequences])

    def forward(self, model: Any, items: Sequence[Item], device: torch.device) -> Any:
        """Run the model over the items as one padded batch."""
        return self.run(model, self.collate(items, device), items)

    def shape(self, inputs: dict[str, Tensor], n: int) -> dict[str, Tensor]:
        """Arrange ``(sequences, tokens)`` tensors as the model wants them."""
        return inputs

    def tokenize(self, texts: Sequence[Any], **options: Any) -> Any:
        """Run the tokenizer itself over texts, truncating to ``max_length``, for more than ids."""
        arguments = {"truncation": True, "max_length": self.options["max_length"], "return_attention_mask": False}
        return self.tokenizer(list(texts), **(arguments | options))

    def segment(self, first: Sequence[str], second: Sequence[str] | None = None) -> dict[str, list[list[int]]]:
        """Token ids, and types where the encoder takes them, of texts or pairs, cut to ``max_length``."""
        return self.segmenter(first, second, max_length=self.options["max_length"])


def on_device(values: Sequence[Any], device: torch.device, *, dtype: torch.dtype | None = None) -> Tensor:
    """A tensor of the values, which a GPU is not waited for to take."""
    return torch.tensor(values, dtype=dtype).to(device, non_blocking=True)


def types_of(encoding: Any, position: int) -> list[list[int]]:
    """Token type ids of one encoded sequence as :class:`Item` keeps them."""
    return [encoding["token_type_ids"][position]] if "token_type_ids" in encoding else []


def padded(items: Sequence[Item], pad_id: int, device: torch.device) -> dict[str, Tensor]:
    """``input_ids``, ``attention_mask`` and, if items have them, ``token_type_ids``, each ``(sequences, tokens)``."""
    sequences = [sequence for item in items for sequence in item.sequences]
    lengths = np.array([len(sequence) for sequence in sequences])
    present = np.arange(lengths.max()) < lengths[:, None]
    inputs = {
        "input_ids": _pad(sequences, present, pad_id, device),
        "attention_mask": torch.from_numpy(present.astype(np.int64)).to(device, non_blocking=True),
    }
    if items[0].types:
        inputs["token_type_ids"] = _pad([types for item in items for types in item.types], present, 0, device)
    return inputs


def _pad(sequences: Sequence[Sequence[int]], present: np.ndarray, value: int, device: torch.device) -> Tensor:
    padded = np.full(present.shape, value, dtype=np.int64)
    padded[present] = np.fromiter((token for sequence in sequences for token in sequence), np.int64, present.sum())
    return torch.from_numpy(padded).to(device, non_blocking=True)
