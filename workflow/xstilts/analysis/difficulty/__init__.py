"""How hard an intermediate task is for the encoder that trains on it.

The measures and what they need are declared here, without heavy imports, because studies name them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One measure of difficulty.

    Attributes:
        unit: what it is counted in.
        harder: the sign of its change when a task gets harder.
        null: whether it needs a null model.
        cartography: whether it needs the training dynamics.
    """

    unit: str
    harder: int
    null: bool = False
    cartography: bool = False


MEASURES = {
    "dev_error": Measure("percent", 1),
    "curve_area": Measure("percent", 1),
    "pvi": Measure("bits", -1, null=True),
    "confidence": Measure("probability", -1, cartography=True),
    "variability": Measure("probability", 1, cartography=True),
    "correctness": Measure("share of epochs", -1, cartography=True),
}
