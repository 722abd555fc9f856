"""Which language is this? A classifier behind a gradient-reversal layer (Ganin et al. 2016, section 4.2)."""

from typing import Any

import torch
from torch import Tensor, nn


class GradientReversal(torch.autograd.Function):
    """The identity, whose gradient is multiplied by ``-scale``."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, scale: float) -> Tensor:
        """``states`` as they are."""
        ctx.scale = scale
        return states.view_as(states)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient, turned round."""
        return -ctx.scale * gradients[0], None


class LanguageDiscriminator(nn.Module):
    """Two linear layers over one vector per text.

    Args:
        width: size of the vectors.
        hidden: size of the layer between.
        languages: how many there are to tell apart.
    """

    def __init__(self, width: int, hidden: int, languages: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, languages))

    def forward(self, vectors: Tensor, scale: float = 0.0) -> Tensor:
        """Logits ``(texts, languages)``.

        Args:
            vectors: ``(texts, width)``.
            scale: of the reversed gradient.
        """
        logits: Tensor = self.layers(GradientReversal.apply(vectors, scale))
        return logits
