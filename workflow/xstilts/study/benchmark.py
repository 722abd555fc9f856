"""A benchmark as one word in a study: ``targets: {benchmark: XTREME}``."""

from typing import Any

from xstilts.errors import ConfigError
from xstilts.tasks.benchmarks import benchmark

KEY = "benchmark"


def expand_benchmark(config: dict[str, Any], origin: str) -> dict[str, Any]:
    """Replace ``targets.benchmark`` by the benchmark's targets.

    Targets named beside it go before the benchmark's of the same name, key by key; a target that is null is left out.

    Args:
        config: the study, not validated yet; left alone.
        origin: what to call it in messages.

    Raises:
        ConfigError: there is no such benchmark.
    """
    targets = config.get("targets")
    if not isinstance(targets, dict) or KEY not in targets:
        return config
    own = {name: value for name, value in targets.items() if name != KEY}
    try:
        found = benchmark(targets[KEY])
    except ConfigError as error:
        raise ConfigError(f"{origin}: targets.{KEY}: {error}") from None
    merged = {
        name: {**value, **own.pop(name)} if isinstance(own.get(name), dict) else own.pop(name, value)
        for name, value in found.items()
    }
    return config | {"targets": {name: value for name, value in (merged | own).items() if value is not None}}
