"""The method registry: every module of this package that defines ``METHOD`` is a training method."""

import functools
from collections.abc import Mapping
from typing import Any

from xstilts.discovery import declared, named
from xstilts.errors import ConfigError
from xstilts.training.methods.base import Auxiliary, Inputs, Method, Objective

__all__ = ["Auxiliary", "Inputs", "Method", "Objective", "get", "parse", "registry", "resolve"]

STANDARD = "standard"
# Two methods that each look for the worst input of the same example: the second would search around the first's find.
_REFUSED = {
    frozenset(("char_adversarial", other)): "both search for the worst input of the same example"
    for other in ("fgm", "pgd", "freelb", "smart")
}


@functools.cache
def registry() -> dict[str, type[Method]]:
    """All methods by name, in alphabetical order.

    Raises:
        ValueError: two files declare the same name.
    """
    return declared(__name__, __path__, "METHOD", "method")


def get(name: str) -> type[Method]:
    """The method called ``name``.

    Raises:
        ConfigError: there is none; the message suggests the nearest names.
    """
    return named(registry(), name, "method")


def parse(text: str) -> list[type[Method]]:
    """The methods that a recipe combines, such as ``dann+char_noise``.

    Raises:
        ConfigError: a method is unknown, or the combination makes no sense; the message says why.
    """
    found = [get(name.strip()) for name in text.split("+")]
    by_role: dict[str, type[Method]] = {}
    for method in found:
        if method.role in by_role:
            raise ConfigError(
                f"method {text!r}: {by_role[method.role].name} and {method.name} both decide the {method.role} of a "
                "step; keep one of them"
            )
        by_role[method.role] = method
    for pair, reason in _REFUSED.items():
        if pair <= {method.name for method in found}:
            raise ConfigError(f"method {text!r}: {' and '.join(sorted(pair))} {reason}; keep one of them")
    return found


def resolve(text: str, options: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Name, version and every setting of a recipe's methods, in alphabetical order; ``standard`` goes without saying.

    Raises:
        ConfigError: as :func:`parse`; or options are given for a method that the recipe does not use.
    """
    methods = sorted(parse(text), key=lambda method: method.name)
    for name in options:
        if name not in [method.name for method in methods]:
            raise ConfigError(f"options for method {name!r}, which the recipe ({text}) does not use; remove them")
    return [
        {"name": method.name, "version": method.version, **method.resolve(options.get(method.name, {}))}
        for method in methods
        if method.name != STANDARD
    ]
