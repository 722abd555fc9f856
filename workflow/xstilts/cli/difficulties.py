"""`xstilts difficulties`: the difficulty table."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "difficulties", "collect all difficulty measures into one tidy table", run)
    command.add_argument("--files", type=Path, nargs="+", required=True, help="what the difficulty jobs wrote")
    command.add_argument("--csv", type=Path, required=True)
    command.add_argument("--parquet", type=Path, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Collect."""
    from xstilts.analysis.difficulty.job import collect_difficulty

    collect_difficulty(arguments.files, arguments.csv, arguments.parquet)
