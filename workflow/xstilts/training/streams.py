"""The training data of one head, and the order in which steps see them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xstilts import perturbations
from xstilts.models.heads import Head, Item
from xstilts.models.heads.masked_lm import MaskedLM
from xstilts.perturbations.rows import perturb_row
from xstilts.seeds import derive_seed, rng
from xstilts.tasks.base import Row


@dataclass
class Stream:
    """Rows that steps draw from together.

    Attributes:
        name: the task's name, or the names of pooled tasks joined by ``+``.
        key: which head of the model it trains.
        type: the task type.
        metric: what its English dev score is.
        head: the task type at work.
        rows: training rows.
        items: the same, encoded.
        dev_rows: English dev rows.
        dev_items: the same, encoded.
        seed: of the run and its phase.
    """

    name: str
    key: str
    type: str
    metric: str
    head: Head
    rows: Sequence[Row]
    items: list[Item]
    dev_rows: Sequence[Row]
    dev_items: list[Item]
    seed: tuple[object, ...] = ()
    _windows: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        seen: Counter[int] = Counter()
        for item in self.items:
            self._windows.append(seen[item.row])
            seen[item.row] += 1

    @property
    def labelled(self) -> bool:
        """Whether a person labelled it; masked text labels itself."""
        return not isinstance(self.head, MaskedLM)

    @property
    def selects(self) -> bool:
        """Whether its English dev rows count when weights are selected."""
        return self.labelled and bool(self.dev_items)

    @property
    def calibrates(self) -> bool:
        """Whether decoding has something to choose: some dev question has no answer."""
        return self.type == "span_qa" and not all(row["answer_texts"] for row in self.dev_rows)

    def visit(self, indices: Sequence[int], epochs: Sequence[int]) -> list[Item]:
        """The items as they are; of unlabelled text, with masks drawn for this epoch."""
        if isinstance(self.head, MaskedLM):
            return [
                self.head.mask(self.items[index], rng("mask", *self.seed, self.name, index, epoch))
                for index, epoch in zip(indices, epochs, strict=True)
            ]
        return [self.items[index] for index in indices]

    def draw(self, purpose: str, index: int, epoch: int) -> float:
        """A number in [0, 1) for one visit of one item."""
        return derive_seed(purpose, *self.seed, self.name, index, epoch) / 2**63

    def perturbed(self, indices: Sequence[int], epochs: Sequence[int], name: str, strength: float) -> list[Item]:
        """Freshly perturbed copies of items; a window of a long document becomes the same window of the new text."""
        perturbation = perturbations.get(name)
        rows = []
        for index, epoch in zip(indices, epochs, strict=True):
            row = self.rows[self.items[index].row]
            seed = derive_seed("training noise", *self.seed, self.name, epoch)
            rows.append(perturb_row(self.type, row, perturbation, strength, row["language"], seed)[0])
        windows: list[list[Item]] = [[] for _ in rows]
        for item in self.head.encode(rows, train=True):
            windows[item.row].append(item)
        return [
            found[min(self._windows[index], len(found) - 1)] if found else self.items[index]
            for index, found in zip(indices, windows, strict=True)
        ]


class Mixture:
    """Which stream a step draws from, and which of its items.

    With one stream every step is a batch of it. With several, each step is a batch of one, drawn with a probability
    that follows the streams' sizes ``n`` (Raffel et al. 2020, section 3.5.2): ``proportional`` to ``min(n, cap)``,
    ``temperature`` to ``min(n, cap) ** (1 / T)``, or ``uniform``.

    Args:
        streams: at least one.
        sampling: ``kind``, ``cap`` and ``temperature``.
        batch_size: examples per step.
        seed: names that seed the order.
    """

    def __init__(
        self, streams: Sequence[Stream], sampling: Mapping[str, Any], batch_size: int, seed: Sequence[object]
    ) -> None:
        self.streams, self.batch_size, self.seed = streams, batch_size, tuple(seed)
        self.capped = [min(len(stream.items), sampling["cap"] or len(stream.items)) for stream in streams]
        power = {"proportional": 1.0, "temperature": 1 / sampling["temperature"], "uniform": 0.0}[sampling["kind"]]
        weights = np.array([size**power for size in self.capped], dtype=np.float64)
        self.shares: list[float] = (weights / weights.sum()).tolist()

    @property
    def size(self) -> int:
        """Examples of an epoch: all, or up to the cap of each stream."""
        return sum(self.capped)

    def steps(self, first: int) -> Iterator[tuple[Stream, np.ndarray, np.ndarray]]:
        """Stream, item indices and epochs of every step from number ``first`` (counted from 1) on, endlessly."""
        taken = [0] * len(self.streams)
        orders = [self._order(stream) for stream in self.streams]
        step = 1
        while True:
            chosen = self._choose(step)
            if step >= first:
                yield self.streams[chosen], *orders[chosen].batch(taken[chosen], self.batch_size)
            taken[chosen] += 1
            step += 1

    def _choose(self, step: int) -> int:
        if len(self.streams) == 1:
            return 0
        return int(np.searchsorted(np.cumsum(self.shares), derive_seed("mixture", *self.seed, step) / 2**63, "right"))

    def _order(self, stream: Stream) -> "Order":
        names = self.seed if len(self.streams) == 1 else (*self.seed, stream.name)
        return Order(len(stream.items), *names)


class Order:
    """Endless permutations of ``count`` indices, one per epoch, seeded by names and the epoch's number.

    Batches run across the seam between epochs, so that none is short.
    """

    def __init__(self, count: int, *names: object) -> None:
        self.count, self.names = count, names
        self._epoch, self._permutation = -1, np.empty(0, dtype=np.int64)

    def batch(self, number: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Indices and epochs of batch ``number``, counted from 0."""
        places = np.arange(number * size, (number + 1) * size)
        epochs = places // self.count
        return np.array([self._at(int(e), int(p)) for e, p in zip(epochs, places % self.count, strict=True)]), epochs

    def _at(self, epoch: int, place: int) -> int:
        if epoch != self._epoch:
            generator = np.random.default_rng(derive_seed("order", *self.names, epoch))
            self._epoch, self._permutation = epoch, generator.permutation(self.count)
        return int(self._permutation[place])
