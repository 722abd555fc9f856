"""Argument types and options that subcommands share."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.artifacts import MANIFEST
from xstilts.errors import XstiltsError

if TYPE_CHECKING:
    from xstilts.plan import Jobs
    from xstilts.study import Study


def mapping(text: str) -> dict[str, Any]:
    """A JSON object given on the command line, or by ``-`` as the next line of standard input."""
    value = _json(text)
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("not a JSON object")
    return value


def items(text: str) -> list[Any]:
    """A JSON array given on the command line, or by ``-`` as the next line of standard input."""
    value = _json(text)
    if not isinstance(value, list):
        raise argparse.ArgumentTypeError("not a JSON array")
    return value


def counting(text: str) -> int:
    """A whole number of at least 1 given on the command line."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def amount(text: str) -> float:
    """A finite number of at least 0 given on the command line."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return value


def _json(text: str) -> Any:
    # What grows with a study comes by standard input: Linux takes no single argument of 128 KiB.
    if text == "-":
        text = sys.stdin.buffer.readline().decode("utf-8")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from None


def folder(text: str) -> Path:
    """A folder, or the manifest in it: rules name files, and a manifest stands for the folder that it lies in."""
    path = Path(text)
    return path.parent if path.name == MANIFEST else path


def add_data_dir(command: argparse.ArgumentParser) -> None:
    """Add ``--data-dir`` and ``--raw``.

    An empty data directory counts as not given, because a rule passes whatever the study says.
    """
    command.add_argument(
        "--data-dir",
        type=lambda text: Path(text) if text else None,
        help="folder in the layout of XTREME's download script",
    )
    command.add_argument("--raw", type=Path, help="folder of what was fetched from the hub or the web")


def add_gpus(command: argparse.ArgumentParser) -> None:
    """Add ``--gpus``; the command line holds that many devices while the subcommand runs."""
    command.add_argument("--gpus", type=int, default=1, help="devices to hold while it runs (default: %(default)s)")


def add_runs(command: argparse.ArgumentParser) -> None:
    """Add what names the runs of an arm: ``--arm``, ``--seeds`` and ``--checkpoints``."""
    command.add_argument("--arm", type=mapping, required=True, help="the words that name its runs (JSON)")
    command.add_argument("--seeds", nargs="+", required=True, help="name of each run: seed1 and so on, or pretrained")
    command.add_argument("--checkpoints", type=folder, nargs="+", required=True, help="one per seed")


def runs_of(arguments: argparse.Namespace) -> dict[str, Path]:
    """The checkpoints of an arm by seed.

    Raises:
        XstiltsError: not one checkpoint per seed.
    """
    seeds, checkpoints = arguments.seeds, arguments.checkpoints
    if len(seeds) != len(checkpoints):
        raise XstiltsError(f"--checkpoints: {len(checkpoints)} for {len(seeds)} --seeds; give one per seed")
    return dict(zip(seeds, checkpoints, strict=True))


def add_command(
    commands: Any, name: str, summary: str, run: Callable[[argparse.Namespace], None], *, network: bool = False
) -> argparse.ArgumentParser:
    """Add a subcommand; with ``network``, it may reach the hub."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    command.set_defaults(run=run, network=network, gpus=None)
    return command


def add_workflow(command: argparse.ArgumentParser) -> None:
    """Add where the workflow and its results are, and overrides of the study as Snakemake takes them."""
    command.add_argument("--directory", type=Path, default=Path.cwd(), help="where Snakemake runs (default: here)")
    add_overrides(command)


def add_overrides(command: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    command.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE", help="override keys of the study")


def planned(arguments: argparse.Namespace) -> "tuple[Study, Jobs]":
    """The study that the arguments name, and its jobs."""
    from xstilts.plan.dag import read_jobs
    from xstilts.study import load_study
    from xstilts.study.overrides import parsed

    config = parsed(arguments.config)
    study = load_study(arguments.study, config)
    if not arguments.directory.is_dir():
        raise XstiltsError(f"--directory {arguments.directory}: no such folder; name where the study's results lie")
    snakefile = Path(__file__).parents[3] / "Snakefile"
    return study, read_jobs(snakefile, arguments.study, config, arguments.directory)
