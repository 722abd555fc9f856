"""`xstilts alignment`: the alignment table."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, items


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "alignment", "collect all alignment measures into one tidy table", run)
    command.add_argument("--root", type=Path, required=True, help="folder of the study's results")
    command.add_argument("--runs", type=items, required=True, help="encoder, arm, seeds, conditions (JSON or -)")
    command.add_argument("--csv", type=Path, required=True)
    command.add_argument("--parquet", type=Path, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Collect."""
    from xstilts.analysis.table import collect_alignment

    collect_alignment(arguments.root / "alignment", arguments.runs, arguments.csv, arguments.parquet)
