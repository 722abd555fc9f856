"""The registry of alignment measures: every module of this package that defines ``MEASURES`` adds some."""

import functools
import importlib
import pkgutil

from xstilts.analysis.measures.base import Measure

__all__ = ["Measure", "registry"]


@functools.cache
def registry() -> dict[str, Measure]:
    """All measures by name, in the order of tables and figures.

    Raises:
        ValueError: two files declare the same name.
    """
    measures: dict[str, Measure] = {}
    for module in pkgutil.iter_modules(__path__):
        for measure in getattr(importlib.import_module(f"{__name__}.{module.name}"), "MEASURES", ()):
            if measure.name in measures:
                raise ValueError(f"two measure files declare the name {measure.name!r}")
            measures[measure.name] = measure
    return dict(sorted(measures.items(), key=lambda item: (item[1].order, item[0])))
