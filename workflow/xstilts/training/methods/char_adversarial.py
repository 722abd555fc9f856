"""Training on the worst of several noisy copies, drawn anew in every epoch."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.training.cost import FORWARD
from xstilts.training.methods.base import Inputs, Option

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.models.heads import Item
    from xstilts.training.streams import Stream


class CharAdversarial(Inputs):
    """Of ``copies`` perturbed copies of an example, trains on the one with the highest loss.

    The losses come from the model as it is, without dropout; a copy costs one forward pass.
    """

    name = "char_adversarial"
    summary = "the perturbed copy with the highest loss, of several drawn anew in every epoch"
    looks = True
    source = "worst of k random draws, the inner maximisation of Madry et al. 2018 by random search; settings are ours"
    options: ClassVar[Mapping[str, Option]] = {
        "perturbation": Option("char_noise", "any perturbation that is defined for the training language"),
        "strength": Option(0.1, "rate per grapheme cluster; not sourced", maximum=1),
        "copies": Option(4, "not sourced", minimum=1),
    }

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """Every copy forward."""
        return float(settings["copies"] * FORWARD)

    def present(
        self,
        stream: "Stream",
        indices: Sequence[int],
        epochs: Sequence[int],
        losses: "Callable[[Sequence[Item]], Tensor]",
    ) -> "list[Item]":
        """The worst copies."""
        copies = self.settings["copies"]
        candidates = stream.perturbed(
            [index for index in indices for _ in range(copies)],
            [epoch * copies + copy for epoch in epochs for copy in range(copies)],
            self.settings["perturbation"],
            self.settings["strength"],
        )
        worst = losses(candidates).view(len(indices), copies).argmax(1).tolist()
        return [candidates[position * copies + copy] for position, copy in enumerate(worst)]


METHOD = CharAdversarial
