"""Recognising the same text in two places, so that what is scored is neither trained nor selected on."""

import functools
from collections.abc import Hashable, Iterable, Sequence


# Premises and passages come several times in a row.
@functools.lru_cache(maxsize=128)
def fingerprint(text: str) -> str:
    """Letters and digits only, case-folded: texts that differ in spacing, case or punctuation are equal."""
    return "".join(character for character in text.casefold() if character.isalnum())


def connected(keys: Sequence[Iterable[Hashable]]) -> list[int]:
    """Group items that share a key, directly or through other items.

    Args:
        keys: each item's keys.

    Returns:
        For each item the smallest index in its group.
    """
    parent = list(range(len(keys)))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    first: dict[Hashable, int] = {}
    for item, own in enumerate(keys):
        for key in own:
            low, high = sorted((root(first.setdefault(key, item)), root(item)))
            parent[high] = low
    return [root(item) for item in range(len(keys))]
