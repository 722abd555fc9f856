"""`xstilts train`: intermediate or target fine-tuning."""

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from xstilts.cache import Cache, checkpoint_key
from xstilts.cli._arguments import add_command, add_gpus, folder, mapping
from xstilts.devices import let_memory_grow


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "train", "fine-tune a checkpoint on English data", run)
    add_gpus(command)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved training recipe (JSON)")
    command.add_argument("--parent", type=folder, required=True, help="checkpoint to start from")
    command.add_argument(
        "--data", type=folder, nargs="+", required=True, help="prepared data of the recipe's tasks, in order"
    )
    command.add_argument("--output", type=folder, required=True, help="checkpoint to write")
    command.add_argument("--label", required=True, help="name on progress lines")
    command.add_argument("--curves", type=Path, help="folder for TensorBoard event files")
    command.add_argument(
        "--text", type=folder, nargs="*", help="prepared unlabelled sentences, for methods that want them"
    )
    command.add_argument(
        "--state", type=Path, help="folder for the state of the unfinished run (default: beside the output)"
    )
    command.add_argument("--state-minutes", type=float, default=15.0, help="minutes between two savings of the state")
    command.add_argument("--processes", type=_processes, default=1, help="how many share the work, one to a GPU")


def run(arguments: argparse.Namespace) -> None:
    """Train, or take what is shared; with several processes, start them and be replaced by their launcher."""
    cache = Cache.of_environment()
    text = arguments.text[0] if arguments.text else None
    sources = [*arguments.data, *([] if text is None else [text])]
    key = "" if cache is None else checkpoint_key(arguments.recipe, arguments.parent, sources)
    if arguments.processes > 1 and "WORLD_SIZE" not in os.environ:
        if cache is not None and cache.take(key, arguments.output, arguments.label):
            return
        # Told to end, the launcher kills in 30 s; writing the state of a large encoder takes longer.
        os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", "600")
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--no-python"]
        os.execv(sys.executable, [*launcher, f"--nproc-per-node={arguments.processes}", "xstilts", *sys.argv[1:]])
    # Several processes cannot wait for a turn one by one: they share what they made, and may make it twice.
    together = "WORLD_SIZE" in os.environ
    with contextlib.nullcontext() if cache is None or together else cache.turn(key, arguments.label):
        if cache is not None and not together and cache.take(key, arguments.output, arguments.label):
            return
        _train(arguments, text)
        if cache is not None and os.environ.get("RANK", "0") == "0":
            cache.leave(key, arguments.output, arguments.label)


def _processes(text: str) -> int:
    """A rule says how many GPUs it has: without any, one process works on the CPU."""
    return max(1, int(text))


def _train(arguments: argparse.Namespace, text: Path | None) -> None:
    let_memory_grow()
    from xstilts.training.job import train

    train(
        arguments.recipe,
        arguments.parent,
        arguments.data,
        arguments.output,
        arguments.label,
        curves=arguments.curves,
        state=arguments.state,
        state_minutes=arguments.state_minutes,
        text=text,
    )
