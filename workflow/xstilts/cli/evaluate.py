"""`xstilts evaluate`: zero-shot predictions and metrics of one checkpoint under every condition."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_gpus, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "evaluate", "score a checkpoint in every language of a target", run)
    add_gpus(command)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved evaluation recipe (JSON)")
    command.add_argument("--run", type=mapping, required=True, dest="words", help="the words that name the run (JSON)")
    command.add_argument("--checkpoint", type=Path, required=True)
    command.add_argument(
        "--data", type=Path, nargs="+", required=True, help="prepared test rows under each of the recipe's conditions"
    )
    command.add_argument("--output", type=Path, required=True, help="folder to write")


def run(arguments: argparse.Namespace) -> None:
    """Evaluate."""
    from xstilts.evaluation.evaluate import evaluate

    evaluate(arguments.recipe, arguments.words, arguments.checkpoint, arguments.data, arguments.output)
