"""`xstilts cache`: checkpoints shared between studies."""

import argparse
import time
from pathlib import Path
from typing import Any

from xstilts.artifacts import read_manifest
from xstilts.cache import FOLDER, Cache
from xstilts.cli._arguments import add_command, amount
from xstilts.errors import ConfigError, XstiltsError


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "cache", "list or clear checkpoints shared between studies", run)
    command.add_argument("action", choices=["ls", "gc"])
    command.add_argument("--folder", type=Path, help=f"the cache (default: {FOLDER})")
    command.add_argument("--keep", type=amount, metavar="GB", help="gc: how much may stay, the newest used")


def run(arguments: argparse.Namespace) -> None:
    """List or clear."""
    cache = Cache(arguments.folder) if arguments.folder else Cache.of_environment()
    if cache is None:
        raise ConfigError(f"no cache is named; set {FOLDER} or give --folder")
    if arguments.action == "gc":
        limit = cache.limit if arguments.keep is None else round(arguments.keep * 1e9)
        if limit is None:
            raise ConfigError("--keep: how many gigabytes may stay? give it, or set XSTILTS_CACHE_GB")
        removed = cache.collect(limit)
        print(f"removed {len(removed)} checkpoints, {sum(entry.bytes for entry in removed) / 1e9:.2f} GB")
        return
    entries = cache.entries()
    for entry in reversed(entries):
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
        print(f"{entry.key[:16]}  {entry.bytes / 1e6:10.1f} MB  {used}  {_made_by(entry.folder)}")
    print(f"{len(entries)} checkpoints, {sum(entry.bytes for entry in entries) / 1e9:.2f} GB in {cache.root}")


def _made_by(folder: Path) -> str:
    """What a shared checkpoint is, in words; one that nobody can take is damaged."""
    try:
        recipe = read_manifest(folder, "recipe", "files")["recipe"]
        return f"{recipe['phase']} {'+'.join(recipe['tasks'])} seed {recipe['seed']}"
    except (XstiltsError, KeyError, TypeError):
        return "damaged"
