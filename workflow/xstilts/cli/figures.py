"""`xstilts figures`: every figure of the study, SVG and PNG."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "figures", "draw the figures", run)
    command.add_argument("--context", type=mapping, required=True, help="what the study says of itself (JSON or -)")
    command.add_argument("--style", type=mapping, required=True, help="the study's `figures` (JSON)")
    command.add_argument("--scores", type=Path, required=True)
    command.add_argument("--answers", type=Path, required=True)
    command.add_argument("--curves", type=Path, required=True, help="curves of the training runs")
    command.add_argument("--difficulty", type=Path, nargs="*", default=[], help="the difficulty table, if there is one")
    command.add_argument("--alignment", type=Path, nargs="*", default=[], help="the alignment table, if there is one")
    command.add_argument("--output", type=Path, required=True, help="folder")


def run(arguments: argparse.Namespace) -> None:
    """Draw."""
    from xstilts.figures import draw_all

    alignment = next(iter(arguments.alignment), None)
    difficulty = next(iter(arguments.difficulty), None)
    draw_all(
        arguments.scores,
        arguments.answers,
        arguments.curves,
        arguments.context,
        arguments.style,
        arguments.output,
        alignment,
        difficulty,
    )
