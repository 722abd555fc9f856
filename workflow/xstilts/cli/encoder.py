"""`xstilts encoder`: build the small encoder, or fetch one from the hub."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_data_dir, folder, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "encoder", "build or fetch a pretrained encoder", run, network=True)
    command.add_argument("--recipe", type=mapping, required=True, help="resolved encoder recipe (JSON)")
    command.add_argument("--sources", type=Path, nargs="*", default=[], help="sources of the vocabulary's tasks")
    add_data_dir(command)
    command.add_argument("--output", type=folder, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Build or fetch."""
    from xstilts.models.encoders import make_encoder

    make_encoder(arguments.recipe, arguments.sources, arguments.data_dir, arguments.output, arguments.raw)
