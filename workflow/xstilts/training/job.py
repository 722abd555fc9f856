"""One fine-tuning job: from a parent checkpoint and prepared data to a checkpoint."""

import contextlib
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from xstilts import metrics, tasks
from xstilts.artifacts import digest, sha256_file
from xstilts.data.read import labels, load_rows
from xstilts.errors import DataError
from xstilts.models.heads import HEADS
from xstilts.models.load import fresh_head, load_tokenizer
from xstilts.seeds import derive_seed
from xstilts.training.checkpoint import save_checkpoint
from xstilts.training.loop import History, fine_tune, predict_logits, total_steps
from xstilts.training.progress import Progress


def train(
    recipe: Mapping[str, Any], parent: Path, data: Sequence[Path], output: Path, label: str, curves: Path | None = None
) -> dict[str, Any]:
    """Fine-tune ``parent`` as ``recipe`` says and write the checkpoint ``output``.

    Args:
        recipe: a resolved training recipe (:mod:`xstilts.study.recipes`).
        parent: the checkpoint to start from; its head, if any, is dropped.
        data: prepared English data of each of the recipe's tasks, in their order.
        output: directory of the new checkpoint.
        label: name of the run on its progress lines.
        curves: directory for TensorBoard event files.

    Returns:
        The new checkpoint's manifest.

    Raises:
        XstiltsError: the parent is not whole, the data do not fit the recipe, or the loss diverges.
    """
    began = time.monotonic()
    device = prepare_torch()
    tokenizer = load_tokenizer(parent)
    task = tasks.get(recipe["tasks"][0])
    known = labels(data[0])
    head = HEADS[task.type](known, tokenizer, recipe)
    train_rows = subset(_rows(data, recipe["tasks"], "train"), recipe["examples"], recipe["seed"])
    dev_rows = _rows(data, recipe["tasks"], "dev")
    items = head.encode(train_rows, train=True)
    dev_items = head.encode(dev_rows, train=False)
    if not items or not dev_items:
        raise DataError(
            f"{data[0]}: no usable {'train' if not items else 'dev'} rows for {label}; check the prepared data"
        )

    def attempt(learning_rate: float) -> tuple[Any, History]:
        torch.manual_seed(derive_seed("head", recipe["seed"], recipe["phase"]))
        model = fresh_head(parent, head.auto_class, known).to(device)

        def dev_score() -> float:
            logits = predict_logits(model, head, dev_items, device, recipe["micro_batch_tokens"], recipe["precision"])
            return metrics.score(task.type, task.metrics[0], head.decode(dev_rows, dev_items, logits))

        name = label if len(recipe["learning_rate"]) == 1 else f"{label} lr {learning_rate:g}"
        with event_log(curves, learning_rate) as log:
            progress = Progress(name, total_steps(len(items), recipe))
            return model, fine_tune(model, head, items, dev_score, recipe, learning_rate, device, progress, log)

    best: tuple[Any, History] | None = None
    tuning = []
    for learning_rate in recipe["learning_rate"]:
        model, history = attempt(learning_rate)
        tuning.append({"learning_rate": learning_rate, "dev": history.best_score, "best_step": history.best_step})
        if best is None or history.best_score > best[1].best_score:
            best, chosen = (model, history), learning_rate
    assert best is not None
    model, history = best
    facts = {
        "recipe": dict(recipe),
        "recipe_digest": digest(dict(recipe)),
        "parents": {"checkpoint": sha256_file(parent / "manifest.json")},
        "data": {name: sha256_file(path / "manifest.json") for name, path in zip(recipe["tasks"], data, strict=True)},
        "rows": {"train": len(train_rows), "dev": len(dev_rows), "items": len(items)},
        "dev_metric": task.metrics[0],
        "learning_rate": chosen,
        "tuning": tuning,
        "history": vars(history),
        "device": torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"cpu, {torch.get_num_threads()} thread(s)",
        "seconds": round(time.monotonic() - began, 2),
        "peak_memory_mb": peak_memory_mb(device),
    }
    return save_checkpoint(model, tokenizer, output, facts)


def subset(rows: list[dict[str, Any]], examples: int | None, seed: int) -> list[dict[str, Any]]:
    """``examples`` of the rows, drawn by id and seed and kept in order, or all of them."""
    if examples is None or examples >= len(rows):
        return rows
    ranked = sorted(range(len(rows)), key=lambda index: derive_seed("subset", seed, rows[index]["id"]))
    return [rows[index] for index in sorted(ranked[:examples])]


def prepare_torch() -> torch.device:
    """Deterministic algorithms, and the device to use: the first CUDA device if there is one, else the CPU.

    The number of threads follows ``OMP_NUM_THREADS``, which rules set, because sums depend on it.
    """
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def peak_memory_mb(device: torch.device) -> dict[str, int]:
    """Peak resident memory of this process and, on a GPU, peak allocated device memory (MB)."""
    peaks = {"host": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    if device.type == "cuda":
        peaks["device"] = torch.cuda.max_memory_allocated(device) // 2**20
    return peaks


@contextlib.contextmanager
def event_log(directory: Path | None, learning_rate: float) -> Iterator[Callable[[str, float, int], None]]:
    """Curves as TensorBoard event files, one folder per learning rate; nowhere without a directory."""
    if directory is None:
        yield lambda name, value, step: None
        return
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(directory / f"lr{learning_rate:g}"))
    try:
        yield lambda name, value, step: writer.add_scalar(name, value, step)
    finally:
        writer.close()


def _rows(data: Sequence[Path], names: Sequence[str], split: str) -> list[dict[str, Any]]:
    """Rows of several tasks one after another; ids carry the task so that they stay unique."""
    rows = []
    for path, name in zip(data, names, strict=True):
        rows += [row | {"id": f"{name}/{row['id']}"} for row in load_rows(path, split, "en")]
    return rows
