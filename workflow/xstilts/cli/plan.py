"""`xstilts plan`: what would run, why, and what it costs."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from xstilts.cli._arguments import add_command, add_workflow, amount, counting, planned


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "plan", "what would run, why, and what it costs", run)
    command.add_argument("study", type=Path, nargs="?", default=Path("config.yaml"))
    add_workflow(command)
    command.add_argument("--gpus", dest="devices", type=counting, help="GPUs to plan for (default: this machine's)")
    command.add_argument("--cores", type=counting, help="CPU cores to plan for (default: enough for the GPUs)")
    command.add_argument("--device", default="A100", help="GPU to count with before any run (default: %(default)s)")
    command.add_argument("--price", type=amount, help="money per GPU-hour")
    command.add_argument("--watts", type=amount, help="power of a GPU at work")
    command.add_argument("--reasons", type=int, default=5, help="reasons to show per stage (default: %(default)s)")
    command.add_argument("--json", action="store_true", help="machine-readable, with every job")


def run(arguments: argparse.Namespace) -> None:
    """Plan."""
    from xstilts import devices
    from xstilts.plan.estimate import Estimator
    from xstilts.plan.summary import summarise, table

    study, jobs = planned(arguments)
    gpus = arguments.devices or devices.count()
    threads = max((job.threads for job in jobs if job.gpus), default=1)
    cores = arguments.cores or max(os.cpu_count() or 1, gpus * threads)
    estimator = Estimator(jobs, arguments.directory, arguments.device, study.task)
    found = summarise(jobs, estimator, gpus, cores, arguments.price, arguments.watts)
    print(json.dumps(found, indent=2, ensure_ascii=False) if arguments.json else table(found, arguments.reasons))
