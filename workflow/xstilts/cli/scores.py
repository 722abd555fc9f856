"""`xstilts scores`: the tidy score table, and what the training runs behind it did."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, items


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "scores", "collect all scores into one tidy table", run)
    command.add_argument("--predictions", type=Path, required=True, help="folder of predictions")
    said = "encoder, intermediate, target, seeds, conditions, what is trained (JSON or -)"
    command.add_argument("--arms", type=items, required=True, help=said)
    command.add_argument("--csv", type=Path, required=True)
    command.add_argument("--parquet", type=Path, required=True)
    command.add_argument("--training", type=Path, required=True, help="table of training runs (CSV)")
    command.add_argument("--curves", type=Path, required=True, help="their curves (CSV)")


def run(arguments: argparse.Namespace) -> None:
    """Collect."""
    from xstilts.analysis.runs import collect_runs
    from xstilts.evaluation.collect import collect
    from xstilts.study import Paths

    collect(arguments.predictions, arguments.arms, arguments.csv, arguments.parquet)
    folders = Paths(str(arguments.predictions.parent)).runs(arguments.arms)
    collect_runs(folders, arguments.training, arguments.curves)
