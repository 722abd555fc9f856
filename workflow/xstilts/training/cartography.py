"""Training dynamics of every example, taken from the passes that training makes anyway (Swayamdipta et al. 2020).

What is kept is one probability per item and epoch; training itself does not notice.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xstilts.models.heads import Head, Item
from xstilts.training.parallel import World
from xstilts.training.streams import Stream

FILE = "cartography.parquet"


class Cartographer:
    """Gold probabilities of a run's items, epoch by epoch.

    Args:
        streams: what is trained on; unlabelled text is left out.
        epochs: of the recipe.

    Attributes:
        maps: per stream, ``(2, epochs, items)``: probability of the gold answer and whether it was the most probable
            one; NaN where an item was not seen in an epoch.
    """

    def __init__(self, streams: Sequence[Stream], epochs: float) -> None:
        self.streams = [stream for stream in streams if stream.labelled]
        count = math.ceil(epochs)
        self.maps = [torch.full((2, count, len(stream.items)), torch.nan) for stream in self.streams]

    def __call__(self, stream: Stream, places: Sequence[tuple[int, int]], items: Sequence[Item], outputs: Any) -> None:
        """Note a clean pass: ``places`` are each item's index and epoch."""
        if not stream.labelled:
            return
        found = gold_probabilities(stream.type, stream.head, items, outputs)
        table = self.maps[[known is stream for known in self.streams].index(True)]
        for column, (index, epoch) in enumerate(places):
            # A run whose steps are rounded up may begin an epoch more.
            if epoch < table.shape[1]:
                table[:, epoch, index] = found[:, column]

    def tensors(self) -> dict[str, Tensor]:
        """What a resumed run takes over by :meth:`restore`."""
        return {str(number): table for number, table in enumerate(self.maps)}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take a saved state over."""
        self.maps = [tensors[str(number)] for number in range(len(self.maps))]

    def share(self, world: World, device: torch.device) -> None:
        """Bring together what the processes saw of the same run."""
        for number, table in enumerate(self.maps):
            for other in world.gather(table, device):
                table = torch.where(table.isnan(), other, table)
            self.maps[number] = table


@torch.no_grad()  # type: ignore[untyped-decorator]
def gold_probabilities(task_type: str, head: Head, items: Sequence[Item], outputs: Any) -> Tensor:
    """Probability of each item's gold answer and whether that is the most probable: ``(2, items)``, on the CPU.

    Of a span, the product of its start's and its end's; of tags, the mean over the labelled words.
    """
    terms = head.terms(outputs, items)
    logged = terms.log_probabilities()
    gold = logged.gather(1, terms.targets[:, None])[:, 0]
    right = (logged.argmax(1) == terms.targets).to(gold.dtype)
    counts = gold.new_zeros(len(items)).index_add(0, terms.owners, torch.ones_like(gold))
    if task_type == "span_qa":
        joint = gold.new_zeros(len(items)).index_add(0, terms.owners, gold).exp()
        both = gold.new_zeros(len(items)).index_add(0, terms.owners, right) == counts
        return torch.stack([joint, both.to(gold.dtype)]).float().cpu()
    sums = torch.stack([gold.exp(), right])
    means = sums.new_zeros(2, len(items)).index_add(1, terms.owners, sums) / counts.clamp_min(1)
    return means.float().cpu()


def write_cartography(cartographer: Cartographer, folder: Path) -> None:
    """One row of :data:`FILE` per training row and epoch: ``id``, ``task``, ``epoch``, ``probability`` and ``correct``.

    A row that leaves several items (windows of a long document) has the mean over those of them that hold an answer.
    """
    import pandas as pd

    tables = []
    for stream, table in zip(cartographer.streams, cartographer.maps, strict=True):
        kept = [stream.head.holds_gold(stream.rows[item.row], item) for item in stream.items]
        ids = [str(stream.rows[item.row]["id"]) for item in stream.items]
        for epoch, (probability, correct) in enumerate(zip(table[0].numpy(), table[1].numpy(), strict=True), 1):
            columns = {"id": ids, "epoch": epoch, "probability": probability, "correct": correct}
            found = pd.DataFrame(columns)[kept].dropna()
            means = found.groupby(["id", "epoch"], sort=False, as_index=False).mean()
            tables.append(means.assign(task=means["id"].str.partition("/")[0]))
    pd.concat(tables, ignore_index=True).to_parquet(folder / FILE, compression="zstd", index=False)
