"""`xstilts align`: cross-lingual alignment of an arm's representations, clean and under conditions."""

import argparse
from typing import Any

from xstilts.cli._arguments import add_command, add_gpus, add_runs, folder, mapping, runs_of


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "align", "measure the alignment of checkpoints' representations", run)
    add_gpus(command)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved alignment recipe (JSON)")
    add_runs(command)
    command.add_argument("--pretrained", type=folder, required=True, help="the encoder that they started from")
    command.add_argument(
        "--data", type=folder, nargs="+", required=True, help="prepared test rows under each of the recipe's conditions"
    )
    command.add_argument("--output", type=folder, required=True, help="folder to write")


def run(arguments: argparse.Namespace) -> None:
    """Measure."""
    from xstilts.analysis.alignment import align

    align(arguments.recipe, arguments.arm, runs_of(arguments), arguments.pretrained, arguments.data, arguments.output)
