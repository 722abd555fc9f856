"""`xstilts lexicon`: a bilingual lexicon from sentence pairs."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_data_dir


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "lexicon", "learn a bilingual lexicon from a retrieval task's sentence pairs", run)
    command.add_argument("--task", required=True)
    command.add_argument("--source", type=Path, required=True, help="fingerprint of the raw files")
    command.add_argument("--language", required=True, help="the language beside English")
    command.add_argument("--output", type=Path, required=True)
    add_data_dir(command)


def run(arguments: argparse.Namespace) -> None:
    """Learn."""
    from xstilts import tasks
    from xstilts.data.lexicon import make_lexicon

    task = tasks.get(arguments.task)
    folders = arguments.data_dir, arguments.raw
    entries = make_lexicon(task, arguments.source, arguments.language, arguments.output, *folders)
    print(f"{len(entries)} words of {arguments.language} with an English counterpart")
