"""`xstilts difficulty`: how hard the tasks of one intermediate checkpoint are, or the table of all."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_gpus, folder, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "difficulty", "measure how hard a checkpoint's intermediate tasks are", run)
    add_gpus(command)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved difficulty recipe (JSON)")
    command.add_argument(
        "--run", type=mapping, required=True, dest="words", help="the words that name the checkpoint (JSON)"
    )
    command.add_argument("--checkpoint", type=folder, required=True)
    command.add_argument("--null", type=folder, nargs="*", default=[], help="its null model, where a measure needs one")
    command.add_argument("--data", type=folder, nargs="+", required=True, help="prepared data of the tasks, in order")
    command.add_argument("--output", type=Path, required=True, help="JSON file to write")


def run(arguments: argparse.Namespace) -> None:
    """Measure."""
    from xstilts.analysis.difficulty.job import measure_difficulty

    measure_difficulty(
        arguments.recipe,
        arguments.words,
        arguments.checkpoint,
        next(iter(arguments.null), None),
        arguments.data,
        arguments.output,
    )
