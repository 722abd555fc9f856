"""The `xstilts` command: thin subcommands, at least one per rule."""

import argparse
import contextlib
import difflib
import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from xstilts import __version__, devices
from xstilts.environment import collect_seldom
from xstilts.errors import XstiltsError


class _Parser(argparse.ArgumentParser):
    """Says which command a mistyped one may be, and not all that there are."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.dest == "command" and action.choices is not None and value not in action.choices:
            near = difflib.get_close_matches(value, action.choices, 1)
            hint = f"did you mean {near[0]!r}?" if near else "`xstilts --help` lists them"
            raise argparse.ArgumentError(None, f"there is no command {value!r}; {hint}")
        super()._check_value(action, value)


def parser() -> argparse.ArgumentParser:
    """The command line; every module of this package adds one subcommand."""
    top = _Parser(
        prog="xstilts",
        description="Cross-lingual transfer through English intermediate tasks.",
        epilog="Yours to call: check, plan, why, path, tasks, methods, perturbations, cache, export-xtreme and "
        "restore-vocabulary. The others are what the workflow's rules call.",
    )
    top.add_argument("--version", action="version", version=f"xstilts {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        if not module.name.startswith("_"):
            importlib.import_module(f"{__name__}.{module.name}").register(commands)
    return top


def main(argv: Sequence[str] | None = None) -> None:
    """Run one subcommand; a mistake of the user's is one line on standard error and exit status 2, Ctrl-C is 130."""
    collect_seldom()
    arguments = parser().parse_args(argv)
    try:
        with (
            contextlib.nullcontext() if arguments.network else _offline(),
            contextlib.nullcontext() if arguments.gpus is None else devices.hold(arguments.gpus),
        ):
            arguments.run(arguments)
            sys.stdout.flush()
    except XstiltsError as error:
        sys.exit(_fail(str(error)))
    except KeyboardInterrupt:
        _fail("interrupted; run again to go on")
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        # Who read along has left, as `head` does; what is still unsaid goes nowhere, and the status is SIGPIPE's.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        # A full disk or a folder that may not be written is the machine's state, not a defect.
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        mend = "check the path" if missing else "free space or check permissions"
        sys.exit(_fail(f"{error.filename or 'file system'}: {error.strerror or error}; {mend}"))


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Keep the hub's client from the network; put back afterwards, because a caller in Python lives on."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before


def _fail(message: str) -> int:
    print(f"xstilts: error: {' '.join(message.split())}", file=sys.stderr)
    return 2
