"""Registries by discovery: one file per task, method, perturbation, attack, measure or figure, and no list of them."""

import difflib
import importlib
import pkgutil
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from xstilts.errors import ConfigError

T = TypeVar("T")


def declared(
    package: str, path: Iterable[str], attribute: str, what: str, *, skipped: Collection[str] = ()
) -> dict[str, Any]:
    """What the modules of a package declare under one attribute, by its ``name``, in alphabetical order.

    Args:
        package: its dotted name.
        path: its ``__path__``.
        attribute: holds a declared object, or a tuple of them; a module without it declares nothing.
        what: what is declared, for the message.
        skipped: modules that are not imported.

    Raises:
        ValueError: two files declare the same name.
    """
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(path):
        if module.name in skipped:
            continue
        value = getattr(importlib.import_module(f"{package}.{module.name}"), attribute, ())
        for one in value if isinstance(value, tuple) else (value,):
            if one.name in found:
                raise ValueError(f"two {what} files declare the name {one.name!r}")
            found[one.name] = one
    return dict(sorted(found.items()))


def named(known: Mapping[str, T], name: str, what: str) -> T:
    """The entry called ``name``.

    Raises:
        ConfigError: there is none; the message suggests the nearest names.
    """
    try:
        return known[name]
    except KeyError:
        raise ConfigError(f"unknown {what} {name!r}; {hint(name, known, f'{what}s')}") from None


def hint(name: str, known: Iterable[str], what: str) -> str:
    """The nearest of the known names, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else f"{what}: {', '.join(names) or 'none'}"
