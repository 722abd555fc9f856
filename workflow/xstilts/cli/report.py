"""`xstilts report`: one self-contained HTML page."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, items, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "report", "write the HTML report", run)
    command.add_argument("--context", type=mapping, required=True, help="what the study says of itself (JSON or -)")
    command.add_argument("--arms", type=items, required=True, help="encoder, intermediate, target, seeds (JSON or -)")
    command.add_argument("--published", type=items, default=[], help="results of others (JSON or -)")
    command.add_argument("--command", dest="made_by", required=True, help="how the study was run")
    command.add_argument("--scores", type=Path, required=True)
    command.add_argument("--answers", type=Path, required=True)
    command.add_argument("--training", type=Path, required=True, help="table of training runs")
    command.add_argument("--figures", type=Path, required=True, help="folder of figures")
    command.add_argument("--output", type=Path, required=True)


def run(arguments: argparse.Namespace) -> None:
    """Write."""
    from xstilts.report.build import write_report
    from xstilts.study import Paths

    folders = Paths(str(arguments.output.parent)).checkpoints(arguments.arms)
    manifests = [{"path": f"{folder}/manifest.json", "kind": kind} for folder, kind in folders.items()]
    context = arguments.context | {"manifests": manifests, "command": arguments.made_by}
    context |= {"published": arguments.published}
    write_report(arguments.scores, arguments.answers, arguments.training, context, arguments.figures, arguments.output)
