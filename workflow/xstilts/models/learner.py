"""One encoder under one or more heads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from xstilts.models.heads import Head
from xstilts.models.load import fresh_head


class Learner(nn.Module):
    """Models that share their encoder, by the key of their head.

    Args:
        parent: the checkpoint whose encoder they start from; heads are drawn from torch's current generator.
        heads: a head for every key.

    Raises:
        CheckpointError: the parent is not whole or does not fit a head.
    """

    def __init__(self, parent: Path, heads: Mapping[str, Head]) -> None:
        super().__init__()
        built = {key: fresh_head(parent, head.auto_class, head.labels) for key, head in heads.items()}
        # An encoder with a pooler serves those heads that have no use for one, and not the other way round.
        shared = max((model.base_model for model in built.values()), key=lambda encoder: len(encoder.state_dict()))
        for model in built.values():
            setattr(model, model.base_model_prefix, shared)
            model.tie_weights()
        self.models = nn.ModuleDict(built)

    @property
    def encoder(self) -> Any:
        """The shared encoder."""
        return next(iter(self.models.values())).base_model

    @property
    def checkpoint(self) -> Any:
        """What is kept: the model where there is one head, the encoder where there are several."""
        models = list(self.models.values())
        return models[0] if len(models) == 1 else self.encoder

    def freeze_embeddings(self) -> None:
        """Leave the word embeddings as they are."""
        self.encoder.get_input_embeddings().requires_grad_(False)
