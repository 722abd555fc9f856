"""`xstilts tasks`: what can be named in a study, and what a task's rows look like."""

import argparse
import json
from itertools import islice
from typing import Any

from xstilts.cli._arguments import add_command, add_data_dir, counting


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "tasks", "list the tasks a study can name, or show rows of one", run)
    command.add_argument("name", nargs="?", help="show this task's first rows")
    command.add_argument("--json", action="store_true", help="machine-readable list")
    command.add_argument("--markdown", action="store_true", help="the list as docs/DATA.md holds it")
    command.add_argument("--split", help="of the rows that are shown; the first one if left out")
    command.add_argument("--language", help="of the rows that are shown; the split's first one if left out")
    command.add_argument("--rows", type=counting, default=3, help="how many are shown")
    command.add_argument("--edition", default="", help="where to read the task from, if not from its own layout")
    add_data_dir(command)


def run(arguments: argparse.Namespace) -> None:
    """List, or show."""
    from xstilts.tasks import catalogue

    if arguments.name:
        _show(arguments)
    elif arguments.json:
        print(json.dumps(catalogue.entries(), indent=2, ensure_ascii=False))
    elif arguments.markdown:
        print(catalogue.markdown(), end="")
    else:
        for row in catalogue.entries():
            sources = dict.fromkeys([row["source"], *(edition["source"] for edition in row["editions"])])
            splits = "  ".join(f"{split}: {' '.join(languages)}" for split, languages in row["languages"].items())
            print(
                f"{row['name']:<21}{row['type']:<16}{', '.join(row['metrics']):<17}"
                f"{'/'.join(sources):<18}{row['licence'][:28]:<30}{splits}"
            )


def _show(arguments: argparse.Namespace) -> None:
    from xstilts import tasks
    from xstilts.data.fetch import check_splits, raw_folder
    from xstilts.errors import ConfigError

    source = tasks.AUTO if arguments.raw else "data_dir"
    if arguments.edition:
        task = tasks.get(arguments.name).at(arguments.edition)
    else:
        task = tasks.choose(arguments.name, source, arguments.data_dir)
    split = arguments.split or next(iter(task.languages))
    if split not in task.languages:
        raise ConfigError(f"task {task.name} has no split {split!r}; it has {', '.join(task.languages)}")
    language = arguments.language or task.languages[split][0]
    check_splits(task, [(split, language)])
    for row in islice(task.read(raw_folder(task, arguments.data_dir, arguments.raw), split, language), arguments.rows):
        print(json.dumps(row, ensure_ascii=False))
