"""The forward passes of one micro-batch, which training methods combine.

Perturbations are tensors that are added to the output of the word embeddings, ``(sequences, tokens, width)``; this
works for any architecture, and leaves position and type embeddings alone.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from xstilts.models.graphs import Goal, announced
from xstilts.models.heads import Head, Item
from xstilts.training.cost import ASCENT


class Passes:
    """One micro-batch under one model.

    Args:
        model: a ``transformers`` model with a head.
        head: its task type.
        items: the micro-batch.
        units: loss terms of the whole step, over which the loss is a mean.
        device: where the model is.
        precision: context in which forward passes run.
        observe: receives the items and outputs of the first, clean pass.

    Attributes:
        done: passes so far, in what they compute: a forward and a whole backward one are one.
    """

    def __init__(
        self,
        model: Any,
        head: Head,
        items: Sequence[Item],
        units: float,
        device: torch.device,
        precision: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
        observe: Callable[[Sequence[Item], Any], None] | None = None,
    ) -> None:
        self.model, self.head, self.items, self.units = model, head, items, units
        self.device, self.precision, self.observe = device, precision, observe
        self.inputs = head.collate(items, device)
        self.done = 0.0
        self._dropout: tuple[Tensor, Tensor | None] | None = None

    def whole(self, delta: Tensor | None = None) -> Any:
        """As :meth:`outputs`, of a loss whose one backward pass goes to all parameters."""
        with announced(self.model, Goal.PARAMETERS):
            return self.outputs(delta)

    def outputs(self, delta: Tensor | None = None) -> Any:
        """One forward pass, with ``delta`` added to the word embeddings."""
        embeddings = self.model.get_input_embeddings()
        hook = None if delta is None else embeddings.register_forward_hook(lambda module, given, out: out + delta)
        try:
            with self.precision():
                outputs = self.head.run(self.model, self.inputs, self.items)
            self.done += 1
        finally:
            if hook is not None:
                hook.remove()
        if self.observe is not None:
            self.observe(self.items, outputs)
            self.observe = None
        return outputs

    def loss(self, outputs: Any) -> Tensor:
        """The micro-batch's share of the step's mean cross-entropy."""
        return self.head.terms(outputs, self.items).loss() / self.units

    def divergence(self, first: Any, second: Any, *, detach_first: bool = False) -> Tensor:
        """Symmetric Kullback-Leibler divergence between two passes' predictions, as a share of the step's mean."""
        terms = self.head.terms(first, self.items)
        p, q = terms.log_probabilities(), self.head.terms(second, self.items).log_probabilities()
        if detach_first:
            p = p.detach()
        return ((p.exp() - q.exp()) * (p - q)).sum() * terms.weight / self.units

    def ascent(self, delta: Tensor, loss: Callable[[Any], Tensor]) -> Tensor:
        """The gradient of the perturbation alone, by a loss of what comes out with it.

        A forward pass, and a backward one without the parameters' half.
        """
        with announced(self.model, Goal.INPUT):
            outputs = self.outputs(delta)
        (gradient,) = torch.autograd.grad(loss(outputs), delta)
        self.done += ASCENT - 1
        return gradient

    def zeros(self) -> Tensor:
        """A perturbation that is nothing yet and wants a gradient."""
        return self._empty().zero_().requires_grad_()

    def noise(self, magnitude: float) -> Tensor:
        """Uniform noise of about the given L2 norm per sequence (Zhu et al. 2020, appendix); drawn only if not zero."""
        if not magnitude:
            return self._empty().zero_()
        dimensions = self.mask.sum((1, 2), keepdim=True) * self._width
        return self._empty().uniform_(-1, 1) * self.mask * magnitude / dimensions.sqrt()

    def uniform(self, epsilon: float) -> Tensor:
        """Uniform noise in [-epsilon, epsilon] on every dimension."""
        return self._empty().uniform_(-epsilon, epsilon) * self.mask

    def gaussian(self, deviation: float) -> Tensor:
        """Normal noise on every dimension."""
        return self._empty().normal_(0, deviation) * self.mask

    def unit(self, gradient: Tensor) -> Tensor:
        """Each sequence's gradient at L2 norm 1; a zero gradient stays zero."""
        norms = gradient.flatten(1).norm(dim=1)[:, None, None]
        return gradient / norms.clamp_min(torch.finfo(gradient.dtype).tiny)

    def unit_max(self, gradient: Tensor) -> Tensor:
        """Each token's gradient at infinity norm 1; a zero gradient stays zero."""
        return gradient / gradient.abs().amax(-1, keepdim=True).clamp_min(torch.finfo(gradient.dtype).tiny)

    def project(self, delta: Tensor, radius: float) -> Tensor:
        """Each sequence's perturbation brought back to L2 norm ``radius`` if it is longer."""
        norms = delta.flatten(1).norm(dim=1)[:, None, None]
        return delta * (radius / norms.clamp_min(torch.finfo(delta.dtype).tiny)).clamp_max(1.0)

    @contextlib.contextmanager
    def same_dropout(self) -> Iterator[None]:
        """Blocks that all draw the random numbers of the first of them."""
        on_gpu = self.device.type == "cuda"
        if self._dropout is None:
            self._dropout = torch.get_rng_state(), torch.cuda.get_rng_state(self.device) if on_gpu else None
        else:
            host, gpu = self._dropout
            torch.set_rng_state(host)
            if gpu is not None:
                torch.cuda.set_rng_state(gpu, self.device)
        yield

    @property
    def mask(self) -> Tensor:
        """1 on tokens, 0 on padding: ``(sequences, tokens, 1)``."""
        return self.inputs["attention_mask"].flatten(0, -2).unsqueeze(-1).to(self._dtype)

    @property
    def _width(self) -> int:
        return int(self.model.get_input_embeddings().embedding_dim)

    @property
    def _dtype(self) -> torch.dtype:
        dtype: torch.dtype = self.model.get_input_embeddings().weight.dtype
        return dtype

    def _empty(self) -> Tensor:
        ids = self.inputs["input_ids"]
        sequences = math.prod(ids.shape[:-1])
        return torch.empty(sequences, ids.shape[-1], self._width, dtype=self._dtype, device=self.device)
