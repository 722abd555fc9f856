"""`xstilts why`: would this file be made again, and for what reason; what was it made of."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_workflow, planned
from xstilts.errors import XstiltsError


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "why", "why a file would be made again, or what it was made of", run)
    command.add_argument("path", help="a result, or the folder of a checkpoint or data set")
    command.add_argument("study", type=Path, nargs="?", default=Path("config.yaml"))
    add_workflow(command)


def run(arguments: argparse.Namespace) -> None:
    """Explain."""
    from xstilts.plan.explain import explain

    _, jobs = planned(arguments)
    path, here = Path(arguments.path), arguments.directory.resolve()
    # Results have absolute paths where the study says so.
    names = [path, path.relative_to(here) if path.is_relative_to(here) else here / path]
    job = next((found for name in names if (found := jobs.makes(str(name))) is not None), None)
    if job is None:
        raise XstiltsError(f"{path}: no job of {arguments.study} makes it; see `xstilts plan {arguments.study} --json`")
    print("\n".join(explain(job, jobs, arguments.directory)))
