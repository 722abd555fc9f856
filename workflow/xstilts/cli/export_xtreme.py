"""`xstilts export-xtreme`: predictions in the layout of XTREME's submissions."""

import argparse
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_workflow


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "export-xtreme", "write predictions as XTREME's evaluate.py reads them", run)
    command.add_argument("study", type=Path, nargs="?", default=Path("config.yaml"))
    command.add_argument("--output", type=Path, required=True, help="folder to write; one folder per model in it")
    add_workflow(command)
    command.add_argument("--targets", nargs="+", help="targets to export; default: all (one per task)")


def run(arguments: argparse.Namespace) -> None:
    """Export."""
    from xstilts.evaluation.export import export
    from xstilts.study import CLEAN, Paths, load_study
    from xstilts.study.overrides import parsed

    study = load_study(arguments.study, parsed(arguments.config))
    paths = Paths.of(study)
    targets = study.submission(arguments.targets)
    for encoder in study.encoders:
        for intermediate, recipe in study.intermediate.items():
            for seed in study.seeds:
                predictions = {}
                for task, target in targets.items():
                    if not recipe.leads_to(target):
                        continue
                    own = f"seed{seed}"
                    folders = study.seed_dirs(intermediate, target)
                    place = (encoder, intermediate, target, own if own in folders else folders[0])
                    predictions[task] = arguments.directory / paths.prediction(*place, CLEAN, "parquet")
                output = arguments.output / encoder / intermediate / f"seed{seed}"
                summary = export(predictions, output)
                scores = "  ".join(f"{task} {found['score']:.1f}" for task, found in summary["tasks"].items())
                print(f"{output}: {scores}  mean {summary['mean']:.1f}")
