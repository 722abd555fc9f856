"""Projected gradient descent on the input embeddings."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.training.cost import ASCENT
from xstilts.training.methods.base import Objective, Option

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.training.passes import Passes


class Pgd(Objective):
    """Adds the loss at the end of ``steps`` normalised ascent steps, each projected onto an L2 ball per sequence.

    Only the clean and the last pass leave gradients in the parameters; the steps between ask for the perturbation's
    gradient alone.
    """

    name = "pgd"
    summary = "clean loss plus the loss after several projected gradient steps on the embeddings"
    source = "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks"
    options: ClassVar[Mapping[str, Option]] = {
        "steps": Option(3, "convention, not sourced", minimum=1),
        "step_size": Option(0.3, "convention, not sourced"),
        "epsilon": Option(1.0, "convention, not sourced"),
    }

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """The first and the last whole, those between for the perturbation alone."""
        return float(2 + (settings["steps"] - 1) * ASCENT)

    def backward(self, passes: "Passes") -> "Tensor":
        """``steps + 1`` passes."""
        delta = passes.zeros()
        loss = passes.loss(passes.whole(delta))
        loss.backward()
        gradient = delta.grad
        for remaining in reversed(range(self.settings["steps"])):
            moved = delta.detach() + self.settings["step_size"] * passes.unit(gradient)
            delta = passes.project(moved, self.settings["epsilon"]).requires_grad_()
            if remaining:
                gradient = passes.ascent(delta, passes.loss)
        adversarial = passes.loss(passes.whole(delta))
        adversarial.backward()
        return loss.detach() + adversarial.detach()


METHOD = Pgd
