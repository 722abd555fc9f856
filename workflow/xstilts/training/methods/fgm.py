"""Fast gradient method on the input embeddings."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.training.methods.base import Objective, Option

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.training.passes import Passes


class Fgm(Objective):
    """Adds the loss at ``x + epsilon * g / ||g||``, where g is the gradient with respect to a sequence's embeddings.

    The norm is taken over the whole sequence (Miyato et al. 2017, equations 3 and 4); embeddings are not normalised,
    as usual for transformers.
    """

    name = "fgm"
    summary = "clean loss plus the loss after one normalised gradient step on the embeddings"
    source = "Miyato et al. 2017, Adversarial Training Methods for Semi-Supervised Text Classification"
    options: ClassVar[Mapping[str, Option]] = {
        "epsilon": Option(1.0, "usual in transformer implementations; Miyato et al. use 5.0 on normalised embeddings"),
        "coefficient": Option(1.0, "Miyato et al. 2017, adv_reg_coeff"),
    }

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """Clean and perturbed."""
        return 2.0

    def backward(self, passes: "Passes") -> "Tensor":
        """Two passes."""
        delta = passes.zeros()
        loss = passes.loss(passes.whole(delta))
        loss.backward()
        step = self.settings["epsilon"] * passes.unit(delta.grad)
        adversarial = passes.loss(passes.whole(step)) * self.settings["coefficient"]
        adversarial.backward()
        return loss.detach() + adversarial.detach()


METHOD = Fgm
