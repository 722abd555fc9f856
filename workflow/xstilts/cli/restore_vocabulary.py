"""`xstilts restore-vocabulary`: the whole vocabulary under a checkpoint trained with a trimmed one."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(
        commands, "restore-vocabulary", "give a checkpoint of a trimmed encoder its whole vocabulary back", run
    )
    command.add_argument("checkpoint", type=Path, help="what was trained")
    command.add_argument("--trimmed", type=Path, required=True, help="the encoder that the training began with")
    command.add_argument("--whole", type=Path, required=True, help="the same encoder under `vocabulary: full`")
    command.add_argument("--output", type=Path, required=True, help="a folder that does not exist yet")


def run(arguments: argparse.Namespace) -> None:
    """Restore."""
    from xstilts.models.restore import restore_vocabulary

    back = restore_vocabulary(arguments.checkpoint, arguments.trimmed, arguments.whole, arguments.output)
    print(f"{arguments.output}: {back} pieces restored")
