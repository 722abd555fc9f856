"""`xstilts evaluate`: zero-shot predictions and metrics of an arm's checkpoints under every condition."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_gpus, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "evaluate", "score checkpoints in every language of a target", run)
    add_gpus(command)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved evaluation recipe (JSON)")
    command.add_argument("--arm", type=mapping, required=True, help="the words that name its runs (JSON)")
    command.add_argument("--seeds", nargs="+", required=True, help="folder of each run: seed1 and so on, or pretrained")
    command.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="one per seed")
    command.add_argument(
        "--data", type=Path, nargs="+", required=True, help="prepared test rows under each of the recipe's conditions"
    )
    command.add_argument("--output", type=Path, required=True, help="folder to write")


def run(arguments: argparse.Namespace) -> None:
    """Evaluate."""
    from xstilts.evaluation.evaluate import evaluate

    runs = dict(zip(arguments.seeds, arguments.checkpoints, strict=True))
    evaluate(arguments.recipe, arguments.arm, runs, arguments.data, arguments.output)
