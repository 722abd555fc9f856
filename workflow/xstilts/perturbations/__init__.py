"""The perturbation registry: every module of this package that defines ``PERTURBATION`` is a perturbation."""

import functools
from collections.abc import Mapping
from typing import Any

from xstilts.discovery import declared, hint, named
from xstilts.errors import ConfigError
from xstilts.perturbations.base import Option, Perturbation
from xstilts.perturbations.mixture import mix

__all__ = ["Option", "Perturbation", "configured", "get", "own_options", "registry"]


@functools.cache
def registry() -> dict[str, Perturbation]:
    """All perturbations by name, in alphabetical order.

    Raises:
        ValueError: two files declare the same name.
    """
    return declared(__name__, __path__, "PERTURBATION", "perturbation")


def get(name: str) -> Perturbation:
    """The perturbation called ``name``, its options at their defaults.

    Raises:
        ConfigError: there is none; the message suggests the nearest names.
    """
    return named(registry(), name, "perturbation")


def configured(
    weights: Mapping[str, float], options: Mapping[str, Any] | None = None, resources: Mapping[str, Any] | None = None
) -> Perturbation:
    """One perturbation, or a mixture of several, with its options set.

    Args:
        weights: the perturbations' names and their shares; the weight of a single one does not matter.
        options: settings; each goes to the parts that declare it.
        resources: paths that only the job knows, by name: ``lexicon``, and options that are paths.

    Raises:
        ConfigError: a name or an option is unknown, an option is missing, or its value is not allowed.
    """
    given, paths = dict(options or {}), dict(resources or {})
    found = {name: get(name) for name in weights}
    known = {key: option for part in found.values() for key, option in part.options.items()}
    for key, value in given.items():
        if key not in known:
            raise ConfigError(f"unknown option {key!r} of {', '.join(found)}; {hint(key, known, 'options')}")
        allowed = known[key].values
        if allowed and value not in allowed:
            near = hint(str(value), allowed, "allowed")
            raise ConfigError(f"option {key} of {', '.join(found)} is {value!r}; {near}")
    for name, part in found.items():
        settings = {key: given.get(key, paths.get(key, option.default)) for key, option in part.options.items()}
        missing = [key for key, value in settings.items() if value is None]
        if missing:
            raise ConfigError(
                f"perturbation {name!r} needs option {missing[0]!r} ({part.options[missing[0]].description}); add it"
            )
        if part.configure is not None:
            found[name] = part.configure(settings, paths)
    return mix(weights, found) if len(found) > 1 else next(iter(found.values()))


def own_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of several perturbations' options that this one has."""
    return {key: value for key, value in options.items() if key in get(name).options}
