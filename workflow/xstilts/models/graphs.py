"""An encoder's layers as CUDA graphs: a pass is started as a whole, forward and backward.

XLM-R Large has 2,000 kernels a step and more, which one CPU core starts more slowly than a GPU computes them. Packed
passes (:mod:`xstilts.models.packing`) come in few sizes: each is captured when it is first met and replayed from then
on, with the same kernels on the same numbers, and the same dropout masks. Captured as by
``torch.cuda.make_graphed_callables``, except that gradients are added up inside the graph, so that a step may take
several passes, of which several may be under way.
"""

import contextlib
import enum
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from xstilts.models.packing import Packing

# Captures that are kept, of each place for a pass; the one that was used longest ago makes room.
_MOST = 256
_WARM_UPS = 2


class Goal(enum.Enum):
    """Where the gradients of a pass go."""

    PARAMETERS = enum.auto()
    """To all of them, and to what goes in; once."""
    INPUT = enum.auto()
    """Only to what goes in; once."""
    NOWHERE = enum.auto()
    """There are none."""


def enable(encoder: Any) -> None:
    """Let an encoder that takes packed passes replay those that :func:`announced` announces."""
    layers = encoder.encoder
    layers.forward = layers.graphs = LayerGraphs(layers)


def drop(encoder: Any) -> bool:
    """Run without graphs from now on, and give their memory back; whether there were any."""
    found = _graphs_of(encoder)
    if found is None:
        return False
    found.forget()
    # The layers would else hold what holds them, and a finished run's memory with it.
    del encoder.encoder.forward, encoder.encoder.graphs
    return True


def clear(encoder: Any) -> bool:
    """Give back the memory of all captures, to capture anew what comes; whether there are graphs."""
    found = _graphs_of(encoder)
    if found is None:
        return False
    found.clear()
    return True


@contextlib.contextmanager
def announced(model: Any, goal: Goal) -> Iterator[None]:
    """Within it, passes may be replayed whose gradients go there, and nowhere else."""
    found = _graphs_of(model.base_model)
    if found is None:
        yield
        return
    found.goal = goal
    try:
        yield
    finally:
        found.goal = None


class LayerGraphs:
    """In place of the ``forward`` of an encoder's layers.

    Args:
        layers: the module that holds them.

    Attributes:
        goal: of the announced pass, if one is.
    """

    def __init__(self, layers: Any) -> None:
        self.run, self.layers = layers.forward, layers
        self.parameters = [parameter for parameter in layers.parameters() if parameter.requires_grad]
        self.gradients: list[Tensor] = []
        self.goal: Goal | None = None
        self._most = _MOST
        self._places: list[_Place] = []

    def __call__(self, hidden: Tensor, *args: Any, packing: Packing | None = None, **others: Any) -> Any:
        """The layers over ``hidden``, ``(1, tokens, width)`` where it is packed."""
        goal = self.goal
        has_gradients = torch.is_grad_enabled() and hidden.requires_grad
        if packing is not None and goal is not None and has_gradients == (goal is not Goal.NOWHERE):
            known = self._captured_for(hidden, packing, goal)
            if known is not None:
                states = known(hidden, packing) if not has_gradients else _Replay.apply(hidden, packing, known, self)
                return known.kind(last_hidden_state=states)
        return self.run(hidden, *args, packing=packing, **others)

    def clear(self) -> None:
        """Give back what is captured, but for passes under way, which go back as they came."""
        self._places = []

    def forget(self) -> None:
        """Give back what is captured, and capture nothing more."""
        self.clear()
        self._most = 0

    def attach_gradients(self) -> None:
        """Make the tensors that the graphs add to the parameters' gradients, with what those are."""
        fresh = []
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            if parameter.grad is None:
                fresh.append(gradient)
            elif parameter.grad is not gradient:
                gradient.copy_(parameter.grad)
            parameter.grad = gradient
        if fresh:
            torch._foreach_zero_(fresh)

    def _captured_for(self, hidden: Tensor, packing: Packing, goal: Goal) -> "_Pass | None":
        if not self._most:
            return None
        if goal is Goal.PARAMETERS and not self.gradients:
            self.gradients = [torch.zeros_like(parameter) for parameter in self.parameters]
        size = (hidden.shape[1], len(packing.starts), packing.longest, self.layers.training, goal)
        known = self._free_place(hidden.device).captured.pop(size, None)
        if known is None:
            before = _random_state(hidden.device)
            try:
                known = self._capture(hidden, packing, goal)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                self.forget()
                warnings.warn(f"no CUDA graphs from here on: {str(error).splitlines()[0]}", stacklevel=2)
                return None
            finally:
                _restore_random_state(before, hidden.device)
        captured = known.place.captured
        captured[size] = known
        if len(captured) > self._most:
            captured.pop(next(iter(captured)))
        return known

    def _capture(self, hidden: Tensor, packing: Packing, goal: Goal) -> "_Pass":
        # What is being handled would keep the failed capture's memory.
        with contextlib.suppress(torch.OutOfMemoryError):
            return _Pass(self, hidden, packing, goal, self._free_place(hidden.device))
        self.clear()
        if hidden.is_cuda:
            torch.cuda.empty_cache()
        return _Pass(self, hidden, packing, goal, self._free_place(hidden.device))

    def _free_place(self, device: torch.device) -> "_Place":
        free = next((place for place in self._places if not place.taken), None)
        if free is None:
            free = _Place(device.type == "cuda")
            self._places.append(free)
        return free


class _Place:
    """Memory for one pass at a time, from its start to the end of its way back.

    Attributes:
        taken: a pass is under way.
        captured: passes, by size, the last used last.
    """

    def __init__(self, on_gpu: bool) -> None:
        self.taken = False
        self.captured: dict[tuple[Any, ...], _Pass] = {}
        self.pool = torch.cuda.graph_pool_handle() if on_gpu else None
        self._buffers: dict[tuple[str, torch.dtype], Tensor] = {}

    def buffer(self, name: str, like: Tensor) -> Tensor:
        """Room for such a tensor, ``(1, tokens, width)``, which passes of all sizes share."""
        tokens = like.shape[1]
        kept = self._buffers.get((name, like.dtype))
        if kept is None or kept.shape[1] < tokens:
            kept = torch.zeros(1, 1 << (tokens - 1).bit_length(), like.shape[2], dtype=like.dtype, device=like.device)
            self._buffers[name, like.dtype] = kept
        return kept[:, :tokens].detach()


class _Pass:
    """The layers, forward and backward, for one size of pass."""

    def __init__(self, graphs: LayerGraphs, hidden: Tensor, packing: Packing, goal: Goal, place: _Place) -> None:
        self._run, self.goal, self.place = graphs.run, goal, place
        self._parameters = graphs.parameters if goal is Goal.PARAMETERS else []
        self._gradients = graphs.gradients if goal is Goal.PARAMETERS else []
        self._hidden = place.buffer("hidden", hidden).requires_grad_(goal is not Goal.NOWHERE)
        self._packing = packing._replace(starts=packing.starts.clone())
        self.kind: Any
        self._states: Tensor | None = None
        kind = hidden.device.type
        self._casts, self._dtype = torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)
        with _first_alone(graphs.layers):
            like = _beside(hidden.device, self._warm_up)
        self._output = place.buffer("output", like)
        self.output_gradient = place.buffer("output gradient", like)
        self.hidden_gradient = place.buffer("hidden gradient", hidden)
        self._replay_forward = record(self._forward, place.pool)
        if goal is not Goal.NOWHERE:
            self.replay_backward = record(self._backward, place.pool)
        # What autograd knows of the capture holds its memory, which passes of other sizes can use, and its stream,
        # where later passes do not run.
        self._states = None

    def __call__(self, hidden: Tensor, packing: Packing) -> Tensor:
        """The last states, ``(1, tokens, width)``; valid until the place's next pass."""
        with torch.no_grad():
            self._hidden.copy_(hidden)
            self._packing.starts.copy_(packing.starts)
        self._replay_forward()
        return self._output

    def _forward(self) -> None:
        self._states = self._computed()
        self._output.copy_(self._states.detach())

    def _backward(self) -> None:
        assert self._states is not None
        found = self._found_gradients(self._states, self.output_gradient)
        self.hidden_gradient.copy_(found[0])
        if self._gradients:
            torch._foreach_add_(self._gradients, found[1:])

    def _computed(self) -> Tensor:
        # The cache of cast weights would outlive the graph's memory.
        with (
            torch.set_grad_enabled(self.goal is not Goal.NOWHERE),
            self._autocast(enabled=self._casts, cache_enabled=False),
        ):
            outputs = self._run(self._hidden, packing=self._packing)
        self.kind = type(outputs)
        states: Tensor = outputs.last_hidden_state
        return states

    def _found_gradients(self, states: Tensor, gradient: Tensor) -> list[Tensor]:
        # Outside autocast, as a backward pass is.
        with self._autocast(enabled=False):
            return list(torch.autograd.grad(states, [self._hidden, *self._parameters], gradient, allow_unused=True))

    def _autocast(self, **options: bool) -> torch.autocast:
        return torch.autocast(self._hidden.device.type, self._dtype, **options)

    def _warm_up(self) -> Tensor:
        """States like those that come out; what libraries do at a first call cannot be captured."""
        for _ in range(_WARM_UPS):
            states = self._computed()
            like = torch.zeros_like(states)
            if self.goal is not Goal.NOWHERE:
                self._found_gradients(states, like)
        return like


class _Replay(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, packing: Packing, known: _Pass, graphs: LayerGraphs) -> Tensor:
        ctx.known, ctx.graphs = known, graphs
        known.place.taken = True
        return known(hidden, packing).detach()

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        known = ctx.known
        known.output_gradient.copy_(gradient)
        if known.goal is Goal.PARAMETERS:
            ctx.graphs.attach_gradients()
        known.replay_backward()
        known.place.taken = False
        return known.hidden_gradient.detach(), None, None, None


@contextlib.contextmanager
def _first_alone(layers: Any) -> Iterator[None]:
    """The first layer in place of all, which are alike: passing all would take as much memory again."""
    whole = layers.layer
    layers.layer = whole[:1]
    try:
        yield
    finally:
        layers.layer = whole


def record(compute: Callable[[], None], pool: Any) -> Callable[[], None]:
    """Capture what ``compute`` starts on the GPU, without running it; the result runs it."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        compute()
    replay: Callable[[], None] = graph.replay
    return replay


def _beside(device: torch.device, compute: Callable[[], Tensor]) -> Tensor:
    """Run on a stream of its own, as work before a capture must be."""
    if device.type != "cuda":
        return compute()
    stream, present = torch.cuda.Stream(device), torch.cuda.current_stream(device)
    stream.wait_stream(present)
    with torch.cuda.stream(stream):
        computed = compute()
    present.wait_stream(stream)
    return computed


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
