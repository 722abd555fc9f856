"""How much arithmetic a training or scoring job is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.artifacts import read_json
from xstilts.training import methods

# Configurations of encoders that are not on disk yet: Conneau et al. 2020 (arXiv 1911.02116), section 4 and table 6.
KNOWN = {
    "FacebookAI/xlm-roberta-base": (12, 768, 3072, 250002),
    "FacebookAI/xlm-roberta-large": (24, 1024, 4096, 250002),
}
# A training token costs a forward pass and two more of that size for the gradients (Kaplan et al. 2020, section 2.1).
FORWARD, TRAINING = 2, 6


@dataclass(frozen=True)
class Shape:
    """Size of a transformer encoder."""

    layers: int
    hidden: int
    intermediate: int
    vocabulary: int

    @classmethod
    def of(cls, folder: Path, recipe: Mapping[str, Any] | None) -> "Shape | None":
        """The shape of an encoder on disk, else as its recipe says, else None."""
        if (folder / "config.json").is_file():
            found = read_json(folder / "config.json")
            names = ("num_hidden_layers", "hidden_size", "intermediate_size", "vocab_size")
            if all(name in found for name in names):
                return cls(*(int(found[name]) for name in names))
        if recipe is None:
            return None
        if recipe["kind"] == "mini":
            return cls(recipe["layers"], recipe["hidden_size"], recipe["intermediate_size"], 128010)
        return cls(*KNOWN[recipe["id"]]) if recipe["id"] in KNOWN else None

    @property
    def matrices(self) -> int:
        """Parameters that multiply every token: attention and feed-forward, without embeddings."""
        return self.layers * (4 * self.hidden**2 + 2 * self.hidden * self.intermediate)

    @property
    def weight_bytes(self) -> int:
        """Size of the weights in fp32."""
        return 4 * (self.matrices + self.vocabulary * self.hidden)

    def flops(self, tokens: float, length: float, factor: int) -> float:
        """Floating-point operations for ``tokens`` in sequences of ``length``.

        ``factor`` is operations per parameter and token; attention scores add ``2 * factor * layers * length * hidden``
        per token (Chowdhery et al. 2022, appendix B).
        """
        return tokens * factor * (self.matrices + 2 * self.layers * length * self.hidden)


def passes(recipe: Mapping[str, Any]) -> tuple[float, float]:
    """Passes, forward and backward, that a recipe's methods take: of an example, and of unlabelled sentences a step."""
    taken = {"objective": methods.get(methods.STANDARD).passes({}), "inputs": 0.0, "auxiliary": 0.0}
    taken |= {(method := methods.get(one["name"])).role: method.passes(one) for one in recipe["methods"]}
    return taken["objective"] + taken["inputs"], taken["auxiliary"]


def training_flops(shape: Shape, recipe: Mapping[str, Any], rows: float, dev_rows: float, length: float) -> float:
    """Operations of a fine-tuning run: every learning rate of its grid, dev scoring included.

    Args:
        shape: the encoder.
        recipe: a resolved training recipe.
        rows: training examples.
        dev_rows: English dev examples, scored ``evaluations`` times.
        length: mean tokens per example.
    """
    runs = len(recipe["learning_rate"])
    seen = rows * recipe["epochs"]
    of_examples, of_text = passes(recipe)
    # Unlabelled sentences are taken to be as long as examples.
    texts = of_text * seen / recipe["batch_size"]
    trained = shape.flops((seen * of_examples + texts) * length, length, TRAINING)
    scored = shape.flops(dev_rows * recipe["evaluations"] * length, length, FORWARD)
    return runs * (trained + scored)
