"""`xstilts answer`: the study's questions, answered with statistics."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "answer", "answer the study's questions from the score table", run)
    command.add_argument("--context", type=mapping, required=True, help="what the study says of itself (JSON or -)")
    command.add_argument("--scores", type=Path, required=True)
    command.add_argument("--predictions", type=Path, help="folder of predictions; without it examples are fixed")
    command.add_argument("--alignment", type=Path, nargs="*", default=[], help="table of alignment measures")
    command.add_argument(
        "--difficulty", type=Path, nargs="*", default=[], help="table of the intermediate tasks' difficulty"
    )
    command.add_argument("--output", type=Path, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Answer."""
    from xstilts.questions.answers import main_answers

    main_answers(
        arguments.scores,
        arguments.context,
        arguments.output,
        arguments.predictions,
        next(iter(arguments.alignment), None),
        next(iter(arguments.difficulty), None),
    )
