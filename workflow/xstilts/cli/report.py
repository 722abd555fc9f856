"""`xstilts report`: one self-contained HTML page."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "report", "write the HTML report", run)
    command.add_argument("--context", type=mapping, required=True, help="what the study says of itself (JSON)")
    command.add_argument("--scores", type=Path, required=True)
    command.add_argument("--answers", type=Path, required=True)
    command.add_argument("--figures", type=Path, required=True, help="folder of figures")
    command.add_argument("--output", type=Path, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Write."""
    from xstilts.report.build import write_report

    write_report(arguments.scores, arguments.answers, arguments.context, arguments.figures, arguments.output)
