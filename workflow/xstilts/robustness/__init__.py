"""Attacks on fine-tuned models: every module of this package that defines ``ATTACK`` is one.

The searches are pure Python and import nothing heavy; only :mod:`xstilts.robustness.victim` holds a model.
"""

import difflib
import functools
import importlib
import pkgutil

from xstilts.errors import ConfigError
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
    attacks: dict[str, Attack] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name in _HEAVY:
            continue
        found = getattr(importlib.import_module(f"{__name__}.{module.name}"), "ATTACK", None)
        if found is None:
            continue
        if found.name in attacks:
            raise ValueError(f"two attack files declare the name {found.name!r}")
        attacks[found.name] = found
    return dict(sorted(attacks.items()))


def get(name: str) -> Attack:
    """The attack called ``name``.

    Raises:
        ConfigError: there is none; the message suggests the nearest names.
    """
    try:
        return registry()[name]
    except KeyError:
        near = difflib.get_close_matches(name, registry(), n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"attacks: {', '.join(registry())}"
        raise ConfigError(f"unknown attack {name!r}; {hint}") from None
