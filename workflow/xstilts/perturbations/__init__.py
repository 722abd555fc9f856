"""The perturbation registry: every module of this package that defines ``PERTURBATION`` is a perturbation."""

import difflib
import functools
import importlib
import pkgutil

from xstilts.errors import ConfigError
from xstilts.perturbations.base import Perturbation

__all__ = ["Perturbation", "get", "registry"]


@functools.cache
def registry() -> dict[str, Perturbation]:
    """All perturbations by name, in alphabetical order.

    Raises:
        ValueError: two files declare the same name.
    """
    perturbations: dict[str, Perturbation] = {}
    for module in pkgutil.iter_modules(__path__):
        found = getattr(importlib.import_module(f"{__name__}.{module.name}"), "PERTURBATION", None)
        if found is None:
            continue
        if found.name in perturbations:
            raise ValueError(f"two perturbation files declare the name {found.name!r}")
        perturbations[found.name] = found
    return dict(sorted(perturbations.items()))


def get(name: str) -> Perturbation:
    """The perturbation called ``name``.

    Raises:
        ConfigError: there is none; the message suggests the nearest names.
    """
    try:
        return registry()[name]
    except KeyError:
        near = difflib.get_close_matches(name, registry(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"perturbations: {', '.join(registry())}"
        raise ConfigError(f"unknown perturbation {name!r}; {hint}") from None
