"""Seeds derived from names.

A random choice depends on what it is for, never on when it happens: the seed of "example 17 of XNLI in Thai under
condition swap" is the same in every process, order and worker count.
"""

import hashlib
import random


def derive_seed(*names: object) -> int:
    """Map a sequence of names to an integer in [0, 2**63).

    The names are joined by a unit separator and hashed (SHA-256), so ``derive_seed("a", "bc")`` differs from
    ``derive_seed("ab", "c")``. The result is stable across Python versions and machines.
    """
    digest = hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def seed_number(folder: str) -> int | None:
    """The seed that a run's folder is named after (``seed3``); None for the pretrained encoder, which has none."""
    return int(folder.removeprefix("seed")) if folder.startswith("seed") else None


def rng(*names: object) -> random.Random:
    """A private generator seeded by :func:`derive_seed`."""
    return random.Random(derive_seed(*names))


def held_out(key: str, fraction: float, *names: object) -> bool:
    """Whether ``key`` belongs to the held-out part of a deterministic split.

    The decision depends on the key alone, so adding or reordering rows moves no other row between the parts.
    """
    return derive_seed("held-out", *names, key) < fraction * 2**63
