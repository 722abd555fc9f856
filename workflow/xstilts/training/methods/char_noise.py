"""Training on noisy text, drawn anew in every epoch."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.training.methods.base import Inputs, Option

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.models.heads import Item
    from xstilts.training.streams import Stream


class CharNoise(Inputs):
    """Perturbs a share of the examples; which, and how, depends on seed, example and epoch."""

    name = "char_noise"
    summary = "examples perturbed at random, anew in every epoch"
    source = "Belinkov and Bisk 2018, Synthetic and Natural Noise Both Break Neural Machine Translation, section 6"
    options: ClassVar[Mapping[str, Option]] = {
        "perturbation": Option("char_noise", "any perturbation that is defined for the training language"),
        "strength": Option(0.1, "rate per grapheme cluster; not sourced", maximum=1),
        "share": Option(1.0, "every example, as Belinkov and Bisk do", maximum=1),
    }

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """None: it looks at no loss."""
        return 0.0

    def present(
        self,
        stream: "Stream",
        indices: Sequence[int],
        epochs: Sequence[int],
        losses: "Callable[[Sequence[Item]], Tensor]",
    ) -> "list[Item]":
        """Noisy items for the share that is drawn, the others as they are."""
        hit = [
            stream.draw("noise", index, epoch) < self.settings["share"]
            for index, epoch in zip(indices, epochs, strict=True)
        ]
        noisy = iter(
            stream.perturbed(
                [index for index, chosen in zip(indices, hit, strict=True) if chosen],
                [epoch for epoch, chosen in zip(epochs, hit, strict=True) if chosen],
                self.settings["perturbation"],
                self.settings["strength"],
            )
        )
        return [next(noisy) if chosen else stream.items[index] for index, chosen in zip(indices, hit, strict=True)]


METHOD = CharNoise
