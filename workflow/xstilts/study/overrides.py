"""Keys of a study that the command line overrides."""

from typing import Any

import yaml


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
