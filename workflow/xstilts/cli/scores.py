"""`xstilts scores`: the tidy score table."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, items


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "scores", "collect all scores into one tidy table", run)
    command.add_argument("--predictions", type=Path, required=True, help="folder of predictions")
    said = "encoder, intermediate, target, seeds, conditions (JSON or -)"
    command.add_argument("--arms", type=items, required=True, help=said)
    command.add_argument("--csv", type=Path, required=True)
    command.add_argument("--parquet", type=Path, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Collect."""
    from xstilts.evaluation.collect import collect

    collect(arguments.predictions, arguments.arms, arguments.csv, arguments.parquet)
