"""`xstilts train`: intermediate or target fine-tuning."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "train", "fine-tune a checkpoint on English data", run)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved training recipe (JSON)")
    command.add_argument("--parent", type=Path, required=True, help="checkpoint to start from")
    command.add_argument(
        "--data", type=Path, nargs="+", required=True, help="prepared data of the recipe's tasks, in order"
    )
    command.add_argument("--output", type=Path, required=True, help="checkpoint to write")
    command.add_argument("--label", required=True, help="name on progress lines")
    command.add_argument("--curves", type=Path, help="folder for TensorBoard event files")


def run(arguments: argparse.Namespace) -> None:
    """Train."""
    from xstilts.training.job import train

    train(arguments.recipe, arguments.parent, arguments.data, arguments.output, arguments.label, arguments.curves)
