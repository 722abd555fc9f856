"""`xstilts evaluate`: zero-shot predictions and metrics of an arm's checkpoints under every condition."""

import argparse
from typing import Any

from xstilts.cli._arguments import add_command, add_gpus, add_runs, folder, mapping, runs_of


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "evaluate", "score checkpoints in every language of a target", run)
    add_gpus(command)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved evaluation recipe (JSON)")
    add_runs(command)
    command.add_argument(
        "--data", type=folder, nargs="+", required=True, help="prepared test rows under each of the recipe's conditions"
    )
    command.add_argument("--output", type=folder, required=True, help="folder to write")


def run(arguments: argparse.Namespace) -> None:
    """Evaluate."""
    from xstilts.evaluation.evaluate import evaluate

    evaluate(arguments.recipe, arguments.arm, runs_of(arguments), arguments.data, arguments.output)
