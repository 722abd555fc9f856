"""`xstilts check`: is a study file right? Says what it expands to."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.cli._arguments import add_command, add_overrides

if TYPE_CHECKING:
    from xstilts.study import Study

_SAID = {
    "generated": "data made here",
    "data_dir": "data read from data_dir",
    "hub": "data fetched from the hub",
    "url": "data fetched from their publishers",
}


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "check", "validate a study file and say what it expands to", run)
    command.add_argument("study", type=Path, nargs="?", default=Path("config.yaml"))
    add_overrides(command)


def run(arguments: argparse.Namespace) -> None:
    """Check."""
    from xstilts.perturbations.natural import table as misspellings
    from xstilts.study import check_data_dir, check_files, load_study
    from xstilts.study.overrides import parsed
    from xstilts.study.recipes import perturbation_files

    study = load_study(arguments.study, parsed(arguments.config))
    check_data_dir(study)
    check_files(study)
    for condition in study.conditions:
        for path in perturbation_files(study, condition).get("files", {}).values():
            misspellings(path)
    found = _sources(study)
    arms = list(study.arms())
    checkpoints = sum(
        len(study.seeds) for encoder in study.encoders for r in study.intermediate.values() if not r.direct
    )
    checkpoints += sum(len(arm["seeds"]) for arm in arms if not study.targets[arm["target"]].retrieval)
    evaluations = sum(len(arm["seeds"]) * len(arm["conditions"]) for arm in arms)
    print(f"{arguments.study}: study {study.name!r} is valid")
    print(f"{checkpoints} checkpoints to train, {evaluations} evaluations")
    for source, names in sorted(found.items()):
        print(f"{_SAID[source]}: {', '.join(names)}")
    for name, encoder in study.encoders.items():
        kept = encoder.options["vocabulary"]
        others = sorted((study.tested_tasks() | study.trained_tasks()) - set(kept)) if kept != "full" else []
        if others:
            print(
                f"note: encoders.{name}.vocabulary leaves out {', '.join(others)}: words found only there are cut finer"
            )


def _sources(study: "Study") -> dict[str, list[str]]:
    """The tasks that are read from each source; files of the data directory are checked to be there."""
    from xstilts.data.fetch import needed_files, present, raw_folder

    parts = {
        "train": study.trained_tasks(),
        "test": study.tested_tasks(),
        "lexicon": set(study.lexicons()),
        "vocabulary": study.vocabulary_tasks(),
    }
    found: dict[str, list[str]] = {}
    for name in sorted(set.union(*parts.values())):
        task = study.task(name)
        found.setdefault(task.source, []).append(name)
        if task.source == "data_dir":
            pairs = [pair for part, names in parts.items() if name in names for pair in study.splits(name, part)]
            present(task, raw_folder(task, Path(str(study.data_dir)), None), needed_files(task, pairs))
    return found
