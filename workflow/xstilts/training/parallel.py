"""Several processes, one step: data parallelism under ``torchrun``.

Every process derives the same batch, takes its share, and sums gradients with the others. The loss is a mean over the
whole batch, so the step is the one that a single process would have taken.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")

# The others wait while the first process scores dev, writes the checkpoint, or waits for another job that trains it; if
# it dies, they are taken down without this.
PATIENCE = timedelta(days=7)


@dataclass(frozen=True)
class World:
    """The processes of a run, of which this is number ``rank``."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def share(self, batch: Sequence[T]) -> list[T]:
        """This process's part of a batch."""
        return list(batch[self.rank :: self.size])

    def total(self, value: float, device: torch.device) -> float:
        """The sum of the processes' values."""
        return self.totals([value], device)[0]

    def totals(self, values: Sequence[float], device: torch.device) -> list[float]:
        """The sums of the processes' values, of each place."""
        if self.size == 1:
            return list(values)
        summed = torch.tensor(values, dtype=torch.float64, device=device)
        dist.all_reduce(summed)
        return list(map(float, summed.tolist()))

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter], loss: Tensor) -> Tensor:
        """Sum gradients in place, and the loss, over the processes; one without a gradient counts as zero.

        A parameter that has no gradient in any process gets none: AdamW would move it, the head of another task, by
        what it remembers.
        """
        if self.size == 1:
            return loss
        known = list(parameters)
        found = self.totals([parameter.grad is not None for parameter in known], loss.device)
        trained = [parameter for parameter, count in zip(known, found, strict=True) if count]
        for parameter in trained:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        work = [dist.all_reduce(parameter.grad, async_op=True) for parameter in trained]
        summed = loss.clone()
        dist.all_reduce(summed)
        for handle in work:
            handle.wait()
        return summed

    def first_says(self, value: float, device: torch.device) -> float:
        """The first process's value, in every process."""
        if self.size == 1:
            return value
        said = torch.tensor(value, dtype=torch.float64, device=device)
        dist.broadcast(said, 0)
        return float(said)

    def gather(self, tensor: Tensor, device: torch.device) -> list[Tensor]:
        """The processes' tensors (equal shapes), in order of rank, on the CPU."""
        if self.size == 1:
            return [tensor]
        parts = [torch.empty_like(tensor, device=device) for _ in range(self.size)]
        dist.all_gather(parts, tensor.to(device))
        return [part.cpu() for part in parts]

    def barrier(self) -> None:
        """Wait for all processes."""
        if self.size > 1:
            dist.barrier()


def prepare_torch() -> torch.device:
    """Deterministic algorithms, and the device to use: the first CUDA device if there is one, else the CPU.

    The number of threads follows ``OMP_NUM_THREADS``, which rules set, because sums depend on it.
    """
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        # Without it cuBLAS sums in no fixed order, and torch says so at every matrix product.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    deterministic(packed=False)
    # Nothing here reads memory that it has not written; filling every new tensor first took a twentieth of training.
    torch.utils.deterministic.fill_uninitialized_memory = False
    return torch.device("cuda" if on_gpu else "cpu")


def deterministic(*, packed: bool) -> None:
    """Have every operation give the same bits every time; on a GPU, only of packed passes is all that they need there.

    Attention over padded sequences goes backward in no fixed order on GPUs, and torch says so; FlashAttention has an
    order, which it takes where torch would otherwise refuse.
    """
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available() and not packed)


def join_world() -> tuple[World, torch.device]:
    """The world that ``torchrun`` set up for this process, or a world of one, and the device to use."""
    alone, on_gpu = prepare_torch(), torch.cuda.is_available()
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World(), alone
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        options: dict[str, Any] = {"device_id": device} if on_gpu else {}
        dist.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE, **options)
    return World(dist.get_rank(), size), device


def leave_world(world: World) -> None:
    """Take the process group down."""
    if world.size > 1:
        dist.destroy_process_group()
