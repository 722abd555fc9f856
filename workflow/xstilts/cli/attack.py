"""`xstilts attack`: how a checkpoint fares when inputs are changed against it."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_gpus, folder, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "attack", "attack a checkpoint in every language of a target", run)
    add_gpus(command)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved attack recipe (JSON)")
    command.add_argument("--run", type=mapping, required=True, dest="words", help="the words that name the run (JSON)")
    command.add_argument("--checkpoint", type=folder, required=True)
    command.add_argument("--data", type=folder, required=True, help="clean prepared test rows")
    command.add_argument("--resources", type=mapping, default={}, help="paths that its options stand for (JSON)")
    command.add_argument("--state", type=Path, required=True, help="folder for finished examples, to resume from")
    command.add_argument("--predictions", type=Path, required=True, help="Parquet file to write")
    command.add_argument("--scores", type=Path, required=True, help="JSON file to write")


def run(arguments: argparse.Namespace) -> None:
    """Attack."""
    from xstilts.evaluation.attack import attack

    attack(
        *(arguments.recipe, arguments.words, arguments.checkpoint, arguments.data, arguments.state),
        *(arguments.predictions, arguments.scores, arguments.resources),
    )
