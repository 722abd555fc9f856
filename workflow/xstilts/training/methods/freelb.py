"""Free large-batch adversarial training."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.training.methods.base import Objective, Option

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.training.passes import Passes


class FreeLB(Objective):
    """Averages the parameters' gradients over the ascent steps of the perturbation (Zhu et al. 2020, algorithm 1).

    Perturbation norms are per sequence; all steps of a micro-batch see the same dropout mask (section 3.3).
    """

    name = "freelb"
    summary = "gradients averaged over ascent steps on the embeddings, one dropout mask"
    source = "Zhu et al. 2020, FreeLB: Enhanced Adversarial Training for Natural Language Understanding"
    options: ClassVar[Mapping[str, Option]] = {
        "steps": Option(2, "authors' MNLI script (RoBERTa-large)", minimum=1),
        "step_size": Option(0.1, "authors' MNLI script: adv_lr"),
        "initial_magnitude": Option(0.1, "authors' MNLI script: adv_init_mag"),
        "max_norm": Option(0.3, "authors' MNLI script: adv_max_norm; 0 is unbounded"),
    }

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """One per ascent step."""
        return float(settings["steps"])

    def backward(self, passes: "Passes") -> "Tensor":
        """``steps`` passes."""
        delta = passes.noise(self.settings["initial_magnitude"])
        total = None
        for step in range(self.settings["steps"]):
            delta.requires_grad_()
            with passes.same_dropout():
                loss = passes.loss(passes.whole(delta)) / self.settings["steps"]
            loss.backward()
            total = loss.detach() if total is None else total + loss.detach()
            if step + 1 < self.settings["steps"]:
                moved = delta.detach() + self.settings["step_size"] * passes.unit(delta.grad)
                delta = passes.project(moved, self.settings["max_norm"]) if self.settings["max_norm"] else moved
        assert total is not None
        return total


METHOD = FreeLB
