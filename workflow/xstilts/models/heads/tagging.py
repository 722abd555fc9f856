"""One label per word, read off one of its sub-words.

The first is usual (Devlin et al. 2019, section 5.3; jiant does the same). A recipe may say ``last``, which in suffixing
languages shows the word's class to an encoder too small to carry it back to the first. A sub-word that is only a
word-boundary mark, as SentencePiece puts before most Chinese and Japanese words, is passed over: it says nothing.

A sentence that is to be tagged and does not fit goes through the model in pieces of whole words, as many a piece as
fit: XTREME's preprocessing cuts its files so. In training it loses its tail.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from xstilts.models.heads.base import Head, Item, Row, Terms, on_device, types_of

BOUNDARIES = "▁Ġ"  # of SentencePiece and of byte-level BPE


class Tagging(Head):
    """An item's note maps words to the tokens that carry their labels; its target has the label of each, in order."""

    auto_class = "AutoModelForTokenClassification"

    def encode(self, rows: Sequence[Row], *, train: bool) -> list[Item]:
        """One item per row, or, unless ``train``, one per piece of a sentence longer than ``max_length``."""
        items = self._items(rows, [(number, 0, len(row["tokens"])) for number, row in enumerate(rows)])
        if train:
            return [item for item in items if item.note]
        return [piece for item in items for piece in self._pieces(rows, item)]

    def _items(self, rows: Sequence[Row], parts: Sequence[tuple[int, int, int]]) -> list[Item]:
        """An item per part: a row's number, its first word there, and the one after the last."""
        words = [rows[row]["tokens"][first:end] for row, first, end in parts]
        encoding = self.tokenize(words, is_split_into_words=True)
        items = []
        for position, (row, first, _) in enumerate(parts):
            found = _labelled_tokens(encoding.word_ids(position), encoding.tokens(position), self.options["word_label"])
            labelled = {first + word: token for word, token in found.items()}
            target = [self.index[rows[row]["tags"][word]] for word in labelled]
            ids = encoding["input_ids"][position]
            items.append(Item(row, [ids], types_of(encoding, position), target, labelled))
        return items

    def _pieces(self, rows: Sequence[Row], item: Item) -> list[Item]:
        """The item of a whole row, or those of its pieces where it was cut."""
        if item.length < self.options["max_length"]:
            return [item]
        words = rows[item.row]["tokens"]
        whole = {"truncation": False, "add_special_tokens": False, "verbose": False}
        sizes = Counter(self.tokenize([words], is_split_into_words=True, **whole).word_ids(0))
        room = self.options["max_length"] - self.tokenizer.num_special_tokens_to_add()
        spans = _filled([sizes[word] for word in range(len(words))], room)
        return self._items(rows, [(item.row, first, end) for first, end in spans])

    def units(self, item: Item) -> int:
        """Labelled tokens."""
        return len(item.note)

    def terms(self, outputs: Any, items: Sequence[Item]) -> Terms:
        """One per labelled token."""
        device = outputs.logits.device
        places = [(owner, token) for owner, item in enumerate(items) for token in item.note.values()]
        owners, tokens = on_device(places, device, dtype=torch.long).reshape(-1, 2).unbind(1)
        target = on_device([label for item in items for label in item.target], device, dtype=torch.long)
        return Terms(outputs.logits[owners, tokens], target, owners)

    def unpack(self, outputs: Any, items: Sequence[Item]) -> list[Any]:
        """Index of the best label per token."""
        best = outputs.logits.argmax(-1).cpu().numpy()
        return [row[: item.length] for row, item in zip(best, items, strict=True)]

    def decode(self, rows: Sequence[Row], items: Sequence[Item], logits: Sequence[Any]) -> list[dict[str, Any]]:
        """One tag per word; words without a token of their own get the first label, so that counts always agree."""
        tags = [[self._fallback] * len(row["tokens"]) for row in rows]
        for item, best in zip(items, logits, strict=True):
            for word, token in item.note.items():
                tags[item.row][word] = self.labels[best[token]]
        return [
            {"id": row["id"], "language": row["language"], "gold": list(row["tags"]), "pred": found}
            for row, found in zip(rows, tags, strict=True)
        ]

    @property
    def _fallback(self) -> str:
        return "O" if "O" in self.index else self.labels[0]


def _filled(sizes: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Runs of words, each as long as its tokens have room (a longer word stands alone): first word, and end."""
    first, taken = 0, 0
    for word, size in enumerate(sizes):
        if taken + size > room and word > first:
            yield first, word
            first, taken = word, 0
        taken += size
    yield first, len(sizes)


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
