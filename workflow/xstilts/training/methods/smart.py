"""Smoothness-inducing adversarial regularisation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.training.cost import ASCENT
from xstilts.training.methods.base import Objective, Option

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.training.passes import Passes


class Smart(Objective):
    """Adds the symmetric KL divergence between the predictions at x and at the worst point near x.

    The perturbation starts as Gaussian noise and takes gradient steps inside an infinity-norm ball (Jiang et al. 2020,
    section 3.1). Every pass has its own dropout mask and the paper's second part, Bregman proximal point optimisation,
    is left out, both as in the authors' code.
    """

    name = "smart"
    summary = "symmetric KL to the predictions at an adversarial point near the embeddings"
    source = "Jiang et al. 2020, SMART: Robust and Efficient Fine-Tuning for Pre-trained Natural Language Models"
    options: ClassVar[Mapping[str, Option]] = {
        "coefficient": Option(1.0, "authors' train.py: adv_alpha"),
        "steps": Option(1, "authors' train.py: adv_k", minimum=1),
        "step_size": Option(1e-3, "authors' class default; their train.py has 1e-5"),
        "noise": Option(1e-5, "authors' train.py: noise_var"),
        "epsilon": Option(1e-5, "radius of the ball, taken equal to the noise; not sourced"),
    }

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """Clean and near, and the steps from one to the other for the perturbation alone."""
        return float(2 + settings["steps"] * ASCENT)

    def backward(self, passes: "Passes") -> "Tensor":
        """``steps + 2`` forward passes, of which the first and the last are differentiated together."""
        clean = passes.whole()
        delta = passes.gaussian(self.settings["noise"])
        for _ in range(self.settings["steps"]):
            delta.requires_grad_()
            gradient = passes.ascent(delta, lambda near: passes.divergence(clean, near, detach_first=True))
            moved = delta.detach() + self.settings["step_size"] * passes.unit_max(gradient)
            delta = moved.clamp(-self.settings["epsilon"], self.settings["epsilon"])
        near = passes.whole(delta)
        total = passes.loss(clean) + self.settings["coefficient"] * passes.divergence(clean, near)
        total.backward()
        return total.detach()


METHOD = Smart
