"""One label per word, read off one of its sub-words.

The first is usual (Devlin et al. 2019, section 5.3; jiant does the same). A recipe may say ``last``, which in suffixing
languages shows the word's class to an encoder too small to carry it back to the first. A sub-word that is only a
word-boundary mark, as SentencePiece puts before most Chinese and Japanese words, is passed over: it says nothing.
"""

from collections.abc import Sequence
from typing import Any

import torch

from xstilts.models.heads.base import Head, Item, Row, Terms, types_of

BOUNDARIES = "▁Ġ"  # of SentencePiece and of byte-level BPE


class Tagging(Head):
    """An item's note maps words to the tokens that carry their labels; its target has the label of each, in order."""

    auto_class = "AutoModelForTokenClassification"

    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """One item per row; a sentence longer than ``max_length`` loses its tail, whose words get no prediction."""
        encoding = self.tokenize([row["tokens"] for row in rows], is_split_into_words=True)
        items = []
        for position, ids in enumerate(encoding["input_ids"]):
            labelled = _labelled_tokens(
                encoding.word_ids(position), encoding.tokens(position), self.options["word_label"]
            )
            target = [self.index[rows[position]["tags"][word]] for word in labelled]
            if labelled or not train:
                items.append(Item(position, [ids], types_of(encoding, position), target, labelled))
        return items

    def units(self, item: Item) -> int:
        """Labelled tokens."""
        return len(item.note)

    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """One per labelled token."""
        device = outputs.logits.device
        places = [(owner, token) for owner, item in enumerate(items) for token in item.note.values()]
        owners, tokens = torch.tensor(places, dtype=torch.long, device=device).reshape(-1, 2).unbind(1)
        target = torch.tensor([label for item in items for label in item.target], dtype=torch.long, device=device)
        return Terms(outputs.logits[owners, tokens], target, owners)

    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """Index of the best label per token."""
        best = outputs.logits.argmax(-1).cpu().numpy()
        return [row[: item.length] for row, item in zip(best, items, strict=True)]

    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """One tag per word; words without a token of their own get the first label, so that counts always agree."""
        predictions = []
        for row, item, best in zip(rows, items, logits, strict=True):
            tags = [
                self.labels[best[item.note[word]]] if word in item.note else None for word in range(len(row["tokens"]))
            ]
            predictions.append(
                {
                    "id": row["id"],
                    "language": row["language"],
                    "gold": list(row["tags"]),
                    "pred": [tag if tag is not None else self._fallback for tag in tags],
                }
            )
        return predictions

    @property
    def _fallback(self) -> str:
        return "O" if "O" in self.index else self.labels[0]


def _labelled_tokens(words: Sequence[int | None], tokens: Sequence[str], which: str) -> dict[int, int]:
    """Of every word, the first or last token that is more than a word-boundary mark; any token where none is."""
    marks: dict[int, int] = {}
    shown: dict[int, int] = {}
    for position, (word, token) in enumerate(zip(words, tokens, strict=True)):
        if word is None:
            continue
        found = shown if token.strip(BOUNDARIES) else marks
        if which == "last" or word not in found:
            found[word] = position
    return marks | shown
