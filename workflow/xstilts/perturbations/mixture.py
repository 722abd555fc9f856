"""Several perturbations at once, each with its share of the strength."""

from collections.abc import Mapping
from functools import partial

from xstilts.errors import ConfigError
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Perturbation
from xstilts.perturbations.edits import apply_edits
from xstilts.tasks.base import TASK_TYPES


def mix(weights: Mapping[str, float], parts: Mapping[str, Perturbation]) -> Perturbation:
    """A perturbation that strikes with all of the parts.

    A part gets ``weight / sum of weights`` of the strength. Where two parts would rewrite the same clusters, the one
    hit at the lower strength does.

    Args:
        weights: positive numbers by name.
        parts: the perturbations by name, their options set.

    Raises:
        ConfigError: a part cannot be mixed.
    """
    total = sum(weights.values())
    shares: list[tuple[Edits, float]] = []
    for name, weight in weights.items():
        edits = parts[name].edits
        if edits is None:
            raise ConfigError(f"perturbation {name!r} is a mixture itself; name its operations instead")
        shares.append((edits, weight / total))
    return Perturbation(
        name="mixture",
        scripts=ALL_SCRIPTS,
        description="a mixture of " + ", ".join(weights),
        source="",
        apply=partial(apply_edits, tuple(shares)),
        task_types=frozenset(TASK_TYPES),
        parts=tuple(parts.values()),
    )
