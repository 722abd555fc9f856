"""`xstilts perturb`: a perturbed copy of a test set, made once and shared by every run."""

import argparse
from typing import Any

from xstilts.cli._arguments import add_command, folder, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "perturb", "perturb prepared test rows", run)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved perturbation recipe (JSON)")
    command.add_argument("--data", type=folder, required=True, help="clean prepared rows")
    command.add_argument("--resources", type=mapping, default={}, help="paths that its options stand for (JSON)")
    command.add_argument("--output", type=folder, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Perturb."""
    from xstilts.data.perturb import perturb

    perturb(arguments.data, arguments.output, arguments.recipe, arguments.resources)
