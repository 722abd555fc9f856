"""`xstilts check`: is a study file right? Says what it expands to."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_overrides


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "check", "validate a study file and say what it expands to", run)
    command.add_argument("study", type=Path, nargs="?", default=Path("config.yaml"))
    add_overrides(command)


def run(arguments: argparse.Namespace) -> None:
    """Check."""
    from xstilts.study import check_data_dir, check_files, load_study
    from xstilts.study.overrides import parsed

    study = load_study(arguments.study, parsed(arguments.config))
    check_data_dir(study)
    check_files(study)
    arms = list(study.arms())
    checkpoints = sum(
        len(study.seeds) for encoder in study.encoders for r in study.intermediate.values() if not r.direct
    )
    checkpoints += sum(len(arm["seeds"]) for arm in arms if not study.targets[arm["target"]].retrieval)
    evaluations = sum(len(arm["seeds"]) * len(arm["conditions"]) for arm in arms)
    print(f"{arguments.study}: study {study.name!r} is valid")
    print(f"{checkpoints} checkpoints to train, {evaluations} evaluations")
