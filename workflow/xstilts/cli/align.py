"""`xstilts align`: cross-lingual alignment of one checkpoint's representations, clean and under conditions."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_gpus, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "align", "measure the alignment of a checkpoint's representations", run)
    add_gpus(command)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved alignment recipe (JSON)")
    command.add_argument(
        "--run", type=mapping, required=True, dest="words", help="the words that name the checkpoint (JSON)"
    )
    command.add_argument("--checkpoint", type=Path, required=True)
    command.add_argument("--pretrained", type=Path, required=True, help="the encoder that it started from")
    command.add_argument(
        "--data", type=Path, nargs="+", required=True, help="prepared test rows under each of the recipe's conditions"
    )
    command.add_argument("--output", type=Path, required=True, help="JSON file to write")


def run(arguments: argparse.Namespace) -> None:
    """Measure."""
    from xstilts.analysis.alignment import align

    align(
        arguments.recipe,
        arguments.words,
        arguments.checkpoint,
        arguments.pretrained,
        arguments.data,
        arguments.output,
    )
