"""One fine-tuning job: from a parent checkpoint and prepared data to a checkpoint."""

import contextlib
import functools
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from xstilts import tasks
from xstilts.artifacts import MANIFEST, digest, read_json, sha256_file
from xstilts.errors import DataError
from xstilts.models.load import load_tokenizer
from xstilts.training import cost
from xstilts.training.cartography import write_cartography
from xstilts.training.checkpoint import save_checkpoint
from xstilts.training.data import load_streams, load_texts
from xstilts.training.parallel import World, join_world, leave_world
from xstilts.training.phases import Phases
from xstilts.training.search import Search
from xstilts.training.state import StateDirectory, already_trained

STATE_MINUTES = 15.0


def train(
    recipe: Mapping[str, Any],
    parent: Path,
    data: Sequence[Path],
    output: Path,
    label: str,
    curves: Path | None = None,
    state: Path | None = None,
    state_minutes: float = STATE_MINUTES,
    text: Path | None = None,
) -> dict[str, Any]:
    """Fine-tune ``parent`` as ``recipe`` says and write the checkpoint ``output``.

    A run that was stopped goes on from its last saved state and ends in the bytes that it would have ended in (on a
    CPU). Under ``torchrun`` several processes share the work.

    Args:
        recipe: a resolved training recipe (:mod:`xstilts.study.recipes`).
        parent: the checkpoint to start from; its head, if any, is dropped.
        data: prepared data of each of the recipe's tasks, in their order.
        output: directory of the new checkpoint.
        label: name of the run on its progress lines.
        curves: directory for TensorBoard event files.
        state: directory for the state of the unfinished run; beside the output unless given.
        state_minutes: minutes between two savings of the state.
        text: prepared unlabelled sentences, for methods that want them.

    Returns:
        The new checkpoint's manifest.

    Raises:
        Interrupted: a signal asked to stop; the state is saved.
        XstiltsError: the parent is not whole, the data do not fit the recipe, or the loss diverges.
    """
    began = time.monotonic()
    world, device = join_world()
    sources = {
        "parents": {"checkpoint": sha256_file(parent / MANIFEST)},
        "data": {name: sha256_file(path / MANIFEST) for name, path in zip(recipe["tasks"], data, strict=True)},
    }
    if text is not None:
        sources["data"] |= {recipe["text"]["task"]: sha256_file(text / MANIFEST)}
    recipe_digest = digest(dict(recipe))
    folder = state or output.parent / f".{output.name}.state"
    states = StateDirectory(folder, digest([recipe_digest, sources]), state_minutes * 60, world.first)
    try:
        with states.lock(label):
            # Only the first process holds the lock; the others wait here for it before they read the state.
            done = states.waited and already_trained(output, recipe_digest)
            if world.first_says(done, device):
                manifest: dict[str, Any] = read_json(output / MANIFEST)
                return manifest
            return _train(recipe, parent, data, output, label, curves, states, text, world, device, sources, began)
    finally:
        leave_world(world)


def _train(
    recipe: Mapping[str, Any],
    parent: Path,
    data: Sequence[Path],
    output: Path,
    label: str,
    curves: Path | None,
    states: StateDirectory,
    text: Path | None,
    world: World,
    device: torch.device,
    sources: Mapping[str, Any],
    began: float,
) -> dict[str, Any]:
    phases = Phases()
    with phases("encode"):
        tokenizer = load_tokenizer(parent)
        streams = load_streams(recipe, data, tokenizer, label)
        texts = load_texts(recipe, text, tokenizer)
        if not any(stream.selects for stream in streams):
            raise DataError(f"{data[0]}: no usable dev rows for {label}; check the prepared data")
    logger = event_log(curves if world.first else None)
    search = Search(recipe, parent, streams, texts, tokenizer, world, device, states, label, logger, phases)
    model, history = search.run()
    with phases("dev"):
        decoding = search.calibrate(model)
    with phases("save"):
        facts = {
            "recipe": dict(recipe),
            "recipe_digest": digest(dict(recipe)),
            **sources,
            "rows": {
                "train": sum(len(stream.rows) for stream in streams),
                "dev": sum(len(stream.dev_rows) for stream in streams),
                "items": sum(len(stream.items) for stream in streams),
            },
            "dev_metric": tasks.get(recipe["tasks"][0]).metrics[0],
            "learning_rate": search.best_learning_rate,
            "tuning": search.tuning,
            "decoding": decoding,
            "history": history,
            "resumed": search.resumed,
            "processes": world.size,
            "device": device_name(device),
            "seconds": round(time.monotonic() - began, 2),
            "phases": phases.seconds,
            "peak_memory_mb": peak_memory_mb(device),
            "cost": _cost(model, search.total, device, world),
        }
        if not world.first:
            world.barrier()
            return facts
        found = search.cartography
        write = (lambda folder: None) if found is None else functools.partial(write_cartography, found)
        manifest = save_checkpoint(model, tokenizer, output, facts, write)
    states.remove()
    world.barrier()
    return manifest


def peak_memory_mb(device: torch.device) -> dict[str, int]:
    """Peak resident memory of this process and, on a GPU, peak allocated device memory (MB)."""
    peaks = {"host": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    if device.type == "cuda":
        peaks["device"] = torch.cuda.max_memory_allocated(device) // 2**20
    return peaks


def device_name(device: torch.device) -> str:
    """The GPU's name, or the CPU with the number of threads, on which sums depend."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"cpu, {torch.get_num_threads()} thread(s)"


def _cost(model: Any, total: Mapping[str, float], device: torch.device, world: World) -> dict[str, Any]:
    """Floating-point operations of all training passes and, where the device's peak is known, the share of it used."""
    flops = cost.training_flops(model, total["passed_tokens"], total["token_pairs"]) + total["extra_flops"]
    rate = flops / total["step_seconds"]
    peak = cost.named_peak(device_name(device))
    return {
        "flops": flops,
        "flops_per_second": rate,
        "peak_flops_per_second": peak,
        "mfu": None if peak is None else rate / (peak * world.size),
    }


@contextlib.contextmanager
def _writer(directory: Path) -> Iterator[Callable[[str, float, int], None]]:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(directory))
    try:
        yield lambda name, value, step: writer.add_scalar(name, value, step)
    finally:
        writer.close()


def event_log(directory: Path | None) -> Callable[[float], contextlib.AbstractContextManager[Any]]:
    """Curves as TensorBoard event files, one folder per learning rate; nowhere without a directory."""
    if directory is None:
        return lambda learning_rate: contextlib.nullcontext(lambda name, value, step: None)
    return lambda learning_rate: _writer(directory / f"lr{learning_rate:g}")
