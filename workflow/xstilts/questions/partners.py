"""Which recipes a question about a training method compares."""

from collections.abc import Mapping
from typing import Any


def partners(trained: Mapping[str, tuple[str, Any]], level: str, baseline: str) -> dict[str, list[str]]:
    """The recipes that each recipe of a method could be compared with: of the baseline's method, trained on the same.

    Args:
        trained: the method of each recipe, and what it trains on.
        level: the method.
        baseline: the method of the others.
    """
    return {
        name: [other for other, (used, theirs) in trained.items() if used == baseline and theirs == what]
        for name, (method, what) in trained.items()
        if method == level
    }
