"""`xstilts prepare`: raw files to checked rows on disk."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_data_dir, folder
from xstilts.cli.fetch import splits


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "prepare", "read and check a task's rows", run)
    command.add_argument("--task", required=True)
    command.add_argument("--source", type=Path, required=True, help="what `fetch` wrote")
    command.add_argument(
        "--splits", nargs="+", required=True, metavar="SPLIT-LANGUAGE", help="such as train-en test-de"
    )
    add_data_dir(command)
    command.add_argument("--limit", type=int, help="keep at most this many rows per split and language")
    command.add_argument("--output", type=folder, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Prepare."""
    from xstilts import tasks
    from xstilts.data.prepare import prepare

    prepare(
        tasks.get(arguments.task),
        arguments.source,
        arguments.output,
        splits(arguments.splits),
        data_dir=arguments.data_dir,
        raw=arguments.raw,
        limit=arguments.limit,
    )
