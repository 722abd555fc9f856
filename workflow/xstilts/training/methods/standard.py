"""Plain fine-tuning: one forward and one backward pass."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xstilts.training.methods.base import Objective

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.training.passes import Passes


class Standard(Objective):
    """Minimises the head's cross-entropy."""

    name = "standard"
    summary = "cross-entropy, nothing else"
    source = "Devlin et al. 2019"

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """One."""
        return 1.0

    def backward(self, passes: "Passes") -> "Tensor":
        """One pass."""
        loss = passes.loss(passes.whole())
        loss.backward()
        return loss.detach()


METHOD = Standard
