"""Keys of a study that the command line overrides."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from xstilts.errors import ConfigError
from xstilts.study.source import yaml_problem


def typed(value: Any) -> Any:
    """A value of ``snakemake --config`` as a study file would have it.

    Snakemake leaves whatever stands inside a list or a mapping as text: ``seeds=[1,2]`` gives ``["1", "2"]``.
    """
    if isinstance(value, dict):
        return {key: typed(found) for key, found in value.items()}
    if isinstance(value, list):
        return [typed(found) for found in value]
    if not isinstance(value, str) or not value:
        return value
    try:
        found = yaml.safe_load(value)
    except yaml.YAMLError:
        return value
    return value if isinstance(found, dict | list) else found


def parsed(items: Iterable[str]) -> dict[str, Any]:
    """What ``KEY=VALUE`` items say, values being YAML.

    Raises:
        ConfigError: an item has no key or is not YAML.
    """
    found = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not (key and equals):
            raise ConfigError(f"--config {item}: not KEY=VALUE (name a study file before --config)")
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--config {item}: not valid YAML: {yaml_problem(error)}; quote the whole item") from None
    return found


def overridden(config: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with keys of another, mappings merged key by key, as Snakemake does it."""
    found = dict(config)
    for key, value in overrides.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = overridden(found[key], value) if both else value
    return found
