"""`xstilts fetch`: find a task's raw files, or get them, and fingerprint them."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_data_dir


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(
        commands, "fetch", "find or download a task's raw files and record their checksums", run, network=True
    )
    command.add_argument("--task", required=True)
    command.add_argument(
        "--splits", nargs="+", required=True, metavar="SPLIT-LANGUAGE", help="such as train-en test-de"
    )
    add_data_dir(command)
    command.add_argument(
        "--edition", default="", help="where to read the task from; its own data_dir layout if left out"
    )
    command.add_argument("--allow-unpinned", action="store_true", help="fetch though no revision is pinned")
    command.add_argument("--output", type=Path, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Fetch."""
    from xstilts import tasks
    from xstilts.data.fetch import write_source

    write_source(
        tasks.get(arguments.task).at(arguments.edition),
        arguments.data_dir,
        arguments.output,
        splits(arguments.splits),
        raw=arguments.raw,
        allow_unpinned=arguments.allow_unpinned,
    )


def splits(names: list[str]) -> list[tuple[str, str]]:
    """``["test-de"]`` as ``[("test", "de")]``."""
    return [(split, language) for split, _, language in (name.partition("-") for name in names)]
