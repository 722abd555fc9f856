"""`xstilts path`: where a study's results lie."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_workflow


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "path", "print where a study's results lie", run)
    command.add_argument("what", choices=["root", "report", "scores", "answers"])
    command.add_argument("study", type=Path, nargs="?", default=Path("config.yaml"))
    add_workflow(command)


def run(arguments: argparse.Namespace) -> None:
    """Print."""
    from xstilts.study import Paths, load_study
    from xstilts.study.overrides import parsed

    root = (arguments.directory / Paths.of(load_study(arguments.study, parsed(arguments.config))).root).resolve()
    print(
        root / {"root": "", "report": "report.html", "scores": "scores.csv", "answers": "answers.csv"}[arguments.what]
    )
