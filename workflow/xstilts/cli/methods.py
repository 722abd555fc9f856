"""`xstilts methods`: the training methods and their settings."""

import argparse
import json
from typing import Any

from xstilts.cli._arguments import add_command


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "methods", "list training methods, their settings and sources", run)
    command.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Print them."""
    from xstilts.training import methods

    found = methods.registry().values()
    if arguments.json:
        table = [
            {
                "name": method.name,
                "role": method.role,
                "summary": method.summary,
                "source": method.source,
                "options": {key: vars(option) for key, option in method.options.items()},
            }
            for method in found
        ]
        print(json.dumps(table, indent=2))
        return
    for method in found:
        print(f"{method.name} ({method.role}): {method.summary}\n    {method.source}")
        for key, option in method.options.items():
            print(f"    {key} = {option.default!r}  ({option.source})")
