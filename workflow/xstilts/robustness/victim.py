"""The model under attack: predictions of many texts at once, and gradients at their embeddings."""

import functools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xstilts.models.heads import Head
from xstilts.training.batching import inference_batches, token_budget
from xstilts.training.loop import predict_logits

Row = Mapping[str, Any]
# estimate(before, after): first-order change of the loss when one text takes another's place.
Estimate = Callable[[str, str], float]


class Victim:
    """A fine-tuned model.

    Args:
        model: in evaluation mode from here on.
        head: of the task's type.
        device: where the model is.
        batch_tokens: padded tokens of a forward pass; None: what suits the device.
        precision: ``fp32`` or ``bf16``.
    """

    def __init__(self, model: Any, head: Head, device: torch.device, batch_tokens: int | None, precision: str) -> None:
        self.model, self.head, self.device = model.eval(), head, device
        self.batch_tokens, self.precision = batch_tokens, precision

    @property
    def blank(self) -> str:
        """The tokenizer's unknown token."""
        return str(self.head.tokenizer.unk_token or "?")

    def predict(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Predictions of rows, in their order, from length-grouped passes."""
        if not rows:
            return []
        items = self.head.encode(rows, train=False)
        logits = predict_logits(self.model, self.head, items, self.device, self.batch_tokens, self.precision)
        return self.head.decode(rows, items, logits)

    def estimates(self, rows: Sequence[Row]) -> list[Estimate]:
        """Per row, the first-order effect on its loss of writing one text for another.

        The gradient at the embeddings is kept per sub-word of the row (summed over where it occurs). A text's sub-words
        are those it has by itself, so that an estimate needs no pass; it is 0 for a text whose sub-words do not occur.
        """
        items = self.head.encode(rows, train=False)
        gradients: list[dict[int, Tensor]] = [defaultdict(lambda: torch.zeros(())) for _ in rows]
        embeddings = self.model.get_input_embeddings()
        for indices in inference_batches(items, token_budget(self.batch_tokens, self.device.type)):
            batch = [items[index] for index in indices]
            captured: list[Tensor] = []

            def capture(module: Any, inputs: Any, output: Tensor, captured: list[Tensor] = captured) -> Tensor:
                captured.append(output.detach().requires_grad_())
                return captured[0]

            hook = embeddings.register_forward_hook(capture)
            try:
                outputs = self.head.forward(self.model, batch, self.device)
                (gradient,) = torch.autograd.grad(self.head.terms(outputs, batch).loss(), captured)
            finally:
                hook.remove()
            sequences = [(item.row, sequence) for item in self.head.laid_out(batch) for sequence in item.sequences]
            for (row, sequence), found in zip(sequences, gradient.reshape(-1, *gradient.shape[-2:]), strict=True):
                for token, vector in zip(sequence, found[: len(sequence)].float().cpu(), strict=True):
                    gradients[row][token] = gradients[row][token] + vector
        return [self._estimate(found, embeddings.weight) for found in gradients]

    def _estimate(self, gradients: Mapping[int, Tensor], weights: Tensor) -> Estimate:
        @functools.cache
        def tokens(text: str) -> list[int]:
            found: list[int] = self.head.tokenizer(text, add_special_tokens=False)["input_ids"]
            return found

        def estimate(before: str, after: str) -> float:
            old, new = tokens(before), tokens(after)
            known = [gradients[token] for token in old if token in gradients]
            if not known or not new:
                return 0.0
            change = weights[new].sum(0) - weights[old].sum(0)
            return float(torch.stack(known).mean(0) @ change.detach().float().cpu())

        return estimate
