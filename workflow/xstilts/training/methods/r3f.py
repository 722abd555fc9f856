"""Robust representations through regularised fine-tuning."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.training.methods.base import Objective, Option

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.training.passes import Passes


class R3F(Objective):
    """Adds the symmetric KL divergence between the predictions at x and at x plus uniform noise.

    Aghajanyan et al. 2021, section 3: no inner maximisation, only noise. As in the authors' code, both passes draw a
    dropout mask of their own.
    """

    name = "r3f"
    summary = "symmetric KL to the predictions under small uniform noise on the embeddings"
    source = "Aghajanyan et al. 2021, Better Fine-Tuning by Reducing Representational Collapse"
    options: ClassVar[Mapping[str, Option]] = {
        "epsilon": Option(1e-5, "fairseq examples/rxf"),
        "coefficient": Option(1.0, "fairseq examples/rxf: r3f_lambda"),
    }

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """Clean and noisy."""
        return 2.0

    def backward(self, passes: "Passes") -> "Tensor":
        """Two forward passes and one backward pass through both."""
        clean = passes.whole()
        noisy = passes.whole(passes.uniform(self.settings["epsilon"]))
        total = passes.loss(clean) + self.settings["coefficient"] * passes.divergence(clean, noisy)
        total.backward()
        return total.detach()


METHOD = R3F
