"""Attacks on fine-tuned models: every module of this package that defines ``ATTACK`` is one.

The searches are pure Python and import nothing heavy; only :mod:`xstilts.robustness.victim` holds a model.
"""

import functools

from xstilts.discovery import declared, named
from xstilts.robustness.base import Attack, Budget

__all__ = ["Attack", "Budget", "get", "registry"]

# These hold the model; a study is parsed without them.
_HEAVY = ("engine", "victim")


@functools.cache
def registry() -> dict[str, Attack]:
    """All attacks by name, in alphabetical order.

    Raises:
        ValueError: two files declare the same name.
    """
    return declared(__name__, __path__, "ATTACK", "attack", skipped=_HEAVY)


def get(name: str) -> Attack:
    """The attack called ``name``.

    Raises:
        ConfigError: there is none; the message suggests the nearest names.
    """
    return named(registry(), name, "attack")
