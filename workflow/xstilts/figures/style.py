"""How figures look: the study's ``figures`` key, checked and completed."""

import contextlib
import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.colors import is_color_like

from xstilts.errors import ConfigError

# Okabe and Ito (2008), told apart with any colour vision; in black and white the markers and dashes below do it.
OKABE_ITO = ("#000000", "#E69F00", "#0072B2", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442")
# 8 colours, 11 markers and 7 dashes start again at different recipes, so that no two recipes look the same.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", "p", ">")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 3)))
RANGES = {"dpi": (50, 600), "font_size": (4, 24)}


@dataclass(frozen=True)
class Mark:
    """How one recipe is drawn in every figure."""

    color: str
    marker: str
    dashes: Any


@dataclass(frozen=True)
class Style:
    """Colours and sizes.

    Attributes:
        palette: one colour per recipe, in the study's order, starting again when there are more recipes.
        dpi: resolution of the PNG files.
        font_size: points.
    """

    palette: tuple[str, ...] = OKABE_ITO
    dpi: int = 150
    font_size: float = 9.0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Style":
        """Complete a study's ``figures`` settings.

        Raises:
            ConfigError: a key is unknown, a colour is none, or a size is out of range.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for key in settings:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"keys: {', '.join(known)}"
                raise ConfigError(f"figures: unknown key {key!r}; {hint}")
        for key, (low, high) in RANGES.items():
            value = settings.get(key, low)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise ConfigError(f"figures.{key}: {value!r} is not a number from {low} to {high}; mend the study file")
        return cls(**{**settings, "palette": _colours(settings.get("palette", OKABE_ITO))})

    def marks(self, names: Sequence[str]) -> dict[str, Mark]:
        """One mark per recipe."""
        return {
            name: Mark(self.palette[i % len(self.palette)], MARKERS[i % len(MARKERS)], DASHES[i % len(DASHES)])
            for i, name in enumerate(names)
        }

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Draw with these settings and matplotlib's defaults, whatever the user's own matplotlib settings are."""
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(
                {
                    "font.size": self.font_size,
                    "axes.titlesize": self.font_size,
                    "axes.titlelocation": "left",
                    "axes.spines.top": False,
                    "axes.spines.right": False,
                    "axes.edgecolor": "#555555",
                    "hatch.linewidth": 0.5,
                    "svg.hashsalt": "xstilts",
                }
            )
            yield


def _colours(palette: Any) -> tuple[str, ...]:
    if isinstance(palette, str) or not isinstance(palette, Sequence) or not palette:
        raise ConfigError(f"figures.palette: {palette!r} is not a list of colours; write for example ['#000000']")
    for colour in palette:
        if not is_color_like(colour):
            raise ConfigError(f"figures.palette: {colour!r} is not a colour; write for example '#0072B2'")
    return tuple(palette)
