"""The registry of alignment measures: every module of this package that defines ``MEASURES`` adds some."""

import functools

from xstilts.analysis.measures.base import Measure
from xstilts.discovery import declared

__all__ = ["Measure", "registry"]


@functools.cache
def registry() -> dict[str, Measure]:
    """All measures by name, in the order of tables and figures.

    Raises:
        ValueError: two files declare the same name.
    """
    measures: dict[str, Measure] = declared(__name__, __path__, "MEASURES", "measure")
    return dict(sorted(measures.items(), key=lambda item: (item[1].order, item[0])))
