"""Masked language modelling (Devlin et al. 2019, section 3.1).

15 % of the tokens are chosen; of these 80 % are masked, 10 % replaced by random ones, the rest left.
"""

from collections.abc import Mapping, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any

from torch import Tensor

from xstilts.errors import CheckpointError
from xstilts.models.heads.base import Head, Item, Row, Terms, on_device, types_of
from xstilts.seeds import rng

SHARE, MASKED, REPLACED = 0.15, 0.8, 0.1


class MaskedLM(Head):
    """An item's note lists the chosen positions; its target the tokens that belong there.

    For scoring, the choice follows from the row's id; for training, :meth:`mask` draws it at every visit.
    """

    auto_class = "AutoModelForMaskedLM"

    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """One item per row with something to mask."""
        encoding = self.tokenize([row["text"] for row in rows], return_special_tokens_mask=True)
        items = []
        for position, ids in enumerate(encoding["input_ids"]):
            eligible = [place for place, special in enumerate(encoding["special_tokens_mask"][position]) if not special]
            if eligible:
                item = Item(position, [ids], types_of(encoding, position), target=ids, note=eligible)
                items.append(item if train else self.mask(item, rng("mask", rows[position]["id"])))
        return items

    def mask(self, item: Item, generator: Random) -> Item:
        """A copy of a training item with a fresh choice of positions."""
        eligible = item.note
        places = sorted(generator.sample(eligible, max(1, round(SHARE * len(eligible)))))
        ids = list(item.target)
        for place in places:
            fate = generator.random()
            if fate < MASKED:
                ids[place] = self.tokenizer.mask_token_id
            elif fate < MASKED + REPLACED:
                ids[place] = generator.randrange(len(self.tokenizer))
        return Item(item.row, [ids], item.types, [item.target[place] for place in places], places)

    def units(self, item: Item) -> int:
        """Chosen positions."""
        return len(item.note)

    def run(self, model: Any, inputs: Mapping[str, Tensor], items: Sequence[Item]) -> Any:
        """Logits of the chosen positions only, ``(positions, vocabulary)``: the vocabulary is what costs."""
        states = model.base_model(**self.packed(model, inputs, items)).last_hidden_state
        owners = [owner for owner, item in enumerate(items) for _ in item.note]
        places = [place for item in items for place in item.note]
        chosen = states[on_device(owners, states.device), on_device(places, states.device)]
        return SimpleNamespace(logits=_output_layer(model)(chosen))

    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """One per chosen position."""
        device = outputs.logits.device
        owners = [owner for owner, item in enumerate(items) for _ in item.note]
        target = on_device([token for item in items for token in item.target], device)
        return Terms(outputs.logits, target, on_device(owners, device))

    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """The best token at each chosen position."""
        best = outputs.logits.argmax(-1).cpu()
        return [part.numpy() for part in best.split([len(item.note) for item in items])]

    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """Tokens that were to be found and those that were."""
        return [
            {
                "id": rows[item.row]["id"],
                "language": rows[item.row]["language"],
                "gold": list(map(str, item.target)),
                "pred": list(map(str, best.tolist())),
            }
            for item, best in zip(items, logits, strict=True)
        ]


def _output_layer(model: Any) -> Any:
    for name in ("lm_head", "cls"):
        if hasattr(model, name):
            return getattr(model, name)
    if hasattr(model, "decoder") and hasattr(model, "head"):
        return lambda states: model.decoder(model.head(states))
    raise CheckpointError(
        f"{type(model).__name__}: its masked-language head is not where it is known to be; leave mlm tasks out"
    )
