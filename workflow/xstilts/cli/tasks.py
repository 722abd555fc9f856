"""`xstilts tasks`: what can be named in a study."""

import argparse
import json
from typing import Any

from xstilts.cli._arguments import add_command


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "tasks", "list the tasks a study can name", run)
    command.add_argument("--json", action="store_true", help="machine-readable")


def run(arguments: argparse.Namespace) -> None:
    """List."""
    from xstilts import tasks

    rows: list[dict[str, Any]] = [
        {
            "name": task.name,
            "type": task.type,
            "metrics": list(task.metrics),
            "languages": {split: list(languages) for split, languages in task.languages.items()},
            "source": task.source,
            "licence": task.licence,
            "citation": task.citation,
        }
        for task in tasks.registry().values()
    ]
    if arguments.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        splits = "  ".join(f"{split}: {' '.join(languages)}" for split, languages in row["languages"].items())
        print(f"{row['name']:<16}{row['type']:<17}{', '.join(row['metrics']):<18}{splits}")
