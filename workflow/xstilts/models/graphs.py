"""An encoder's layers as CUDA graphs: a pass is started as a whole, forward and backward.

XLM-R Large has 2,000 kernels a step and more, which one CPU core starts more slowly than a GPU computes them. Packed
passes (:mod:`xstilts.models.packing`) come in few sizes: each is captured when it is first met and replayed from then
on, with the same kernels on the same numbers, and the same dropout masks. Captured as by
``torch.cuda.make_graphed_callables``, except that gradients are added up inside the graph, so that a step may take
several passes.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from xstilts.models.packing import Packing

# Sizes of passes that are captured; what is met later runs as it would without graphs.
_MOST = 128
_WARM_UPS = 2


def enable(encoder: Any) -> None:
    """Let an encoder that takes packed passes replay those that :func:`replayed` announces."""
    layers = encoder.encoder
    layers.forward = layers.graphs = LayerGraphs(layers.forward, [p for p in layers.parameters() if p.requires_grad])


def drop(encoder: Any) -> bool:
    """Run without graphs from now on, and give their memory back; whether there were any."""
    found = _graphs_of(encoder)
    if found is None:
        return False
    found.forget()
    # The layers would else hold what holds them, and a finished run's memory with it.
    del encoder.encoder.forward, encoder.encoder.graphs
    return True


@contextlib.contextmanager
def replayed(model: Any) -> Iterator[None]:
    """Within it, passes may be replayed: each goes backward once, to all parameters, before the next goes forward."""
    found = _graphs_of(model.base_model)
    if found is None:
        yield
        return
    found.armed = True
    try:
        yield
    finally:
        found.armed = False


class LayerGraphs:
    """In place of the ``forward`` of an encoder's layers.

    Args:
        run: that ``forward``.
        parameters: what it trains.

    Attributes:
        armed: whether a pass may be replayed.
    """

    def __init__(self, run: Callable[..., Any], parameters: list[torch.nn.Parameter]) -> None:
        self.run, self.parameters = run, parameters
        self.armed = False
        self._most = _MOST
        self._captured: dict[tuple[int, ...], _Pass] = {}
        self._gradients: list[Tensor] = []
        self._pool: Any = None

    def __call__(self, hidden: Tensor, *args: Any, packing: Packing | None = None, **others: Any) -> Any:
        """The layers over ``hidden``, ``(1, tokens, width)`` where it is packed."""
        if packing is not None and self.armed and torch.is_grad_enabled() and hidden.requires_grad:
            known = self._captured_for(hidden, packing)
            if known is not None:
                return known.kind(last_hidden_state=_Replay.apply(hidden, packing.starts, known, self))
        return self.run(hidden, *args, packing=packing, **others)

    def forget(self) -> None:
        """Give back what is captured, and capture nothing more."""
        self._most = 0
        self._captured, self._gradients, self._pool = {}, [], None

    def attach_gradients(self) -> None:
        """Make the tensors that the graphs add to the parameters' gradients, with what those are."""
        fresh = []
        for parameter, gradient in zip(self.parameters, self._gradients, strict=True):
            if parameter.grad is None:
                fresh.append(gradient)
            elif parameter.grad is not gradient:
                gradient.copy_(parameter.grad)
            parameter.grad = gradient
        if fresh:
            torch._foreach_zero_(fresh)

    def _captured_for(self, hidden: Tensor, packing: Packing) -> "_Pass | None":
        size = (hidden.shape[1], len(packing.starts), packing.longest)
        if size not in self._captured:
            if len(self._captured) >= self._most:
                return None
            if not self._gradients:
                self._gradients = [torch.zeros_like(parameter) for parameter in self.parameters]
                self._pool = torch.cuda.graph_pool_handle() if hidden.is_cuda else None
            before = _random_state(hidden.device)
            try:
                self._captured[size] = _Pass(self.run, hidden, packing, self.parameters, self._gradients, self._pool)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                self.forget()
                warnings.warn(f"no CUDA graphs from here on: {str(error).splitlines()[0]}", stacklevel=2)
            _restore_random_state(before, hidden.device)
        return self._captured.get(size)


class _Pass:
    """The layers, forward and backward, for one size of pass."""

    def __init__(
        self,
        run: Callable[..., Any],
        hidden: Tensor,
        packing: Packing,
        parameters: list[torch.nn.Parameter],
        gradients: list[Tensor],
        pool: Any,
    ) -> None:
        self._run, self._parameters, self._gradients = run, parameters, gradients
        self.hidden = hidden.detach().clone().requires_grad_()
        self.starts = packing.starts.clone()
        self.kind: Any
        self.output: Tensor
        self.hidden_gradient: Tensor
        self._packing = packing._replace(starts=self.starts)
        kind = hidden.device.type
        self._casts, self._dtype = torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)
        _beside(hidden.device, self._warm_up)
        self.replay_forward = record(self._forward, pool)
        self.output_gradient = torch.zeros_like(self.output)
        self.replay_backward = record(self._backward, pool)
        # What autograd still knows of the capture belongs to its stream, where later passes do not run.
        self.output = self.output.detach()

    def _forward(self) -> None:
        # The cache of cast weights would outlive the graph's memory.
        with torch.enable_grad(), self._autocast(enabled=self._casts, cache_enabled=False):
            outputs = self._run(self.hidden, packing=self._packing)
        self.kind, self.output = type(outputs), outputs.last_hidden_state

    def _backward(self) -> None:
        torch._foreach_add_(self._gradients, self._found_gradients(self.output_gradient))

    def _found_gradients(self, output_gradient: Tensor) -> list[Tensor]:
        # Outside autocast, as a backward pass is.
        with self._autocast(enabled=False):
            found = torch.autograd.grad(self.output, [self.hidden, *self._parameters], output_gradient)
        self.hidden_gradient = found[0]
        return list(found[1:])

    def _autocast(self, **options: bool) -> torch.autocast:
        return torch.autocast(self.hidden.device.type, self._dtype, **options)

    def _warm_up(self) -> None:
        """What libraries do at a first call cannot be captured."""
        for _ in range(_WARM_UPS):
            self._forward()
            self._found_gradients(torch.zeros_like(self.output))


class _Replay(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, starts: Tensor, known: _Pass, graphs: LayerGraphs) -> Tensor:
        with torch.no_grad():
            known.hidden.copy_(hidden)
            known.starts.copy_(starts)
        known.replay_forward()
        ctx.known, ctx.graphs = known, graphs
        return known.output.detach()

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        ctx.known.output_gradient.copy_(gradient)
        ctx.graphs.attach_gradients()
        ctx.known.replay_backward()
        return ctx.known.hidden_gradient.detach(), None, None, None


def record(compute: Callable[[], None], pool: Any) -> Callable[[], None]:
    """Capture what ``compute`` starts on the GPU, without running it; the result runs it."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        compute()
    replay: Callable[[], None] = graph.replay
    return replay


def _beside(device: torch.device, compute: Callable[[], None]) -> None:
    """Run on a stream of its own, as work before a capture must be."""
    if device.type != "cuda":
        compute()
        return
    stream, present = torch.cuda.Stream(device), torch.cuda.current_stream(device)
    stream.wait_stream(present)
    with torch.cuda.stream(stream):
        compute()
    present.wait_stream(stream)


def _random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _restore_random_state(state: Tensor, device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)


def _graphs_of(encoder: Any) -> LayerGraphs | None:
    found: LayerGraphs | None = getattr(getattr(encoder, "encoder", None), "graphs", None)
    return found
