"""Stopping in time: a signal lets the current step end, saves the state, and leaves."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from xstilts.errors import XstiltsError

# SLURM warns with USR1 before the wall clock and ends with TERM; INT is Ctrl-C.
_SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)


class Interrupted(XstiltsError):
    """A run was told to stop; its state is saved."""


class StopRequest:
    """Remembers the first signal that asked the process to stop."""

    def __init__(self) -> None:
        self.name: str | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal; a second Ctrl-C ends at once."""
        if number == signal.SIGINT and self.name is not None:
            raise KeyboardInterrupt
        self.name = signal.Signals(number).name


@contextlib.contextmanager
def listening() -> Iterator[StopRequest]:
    """Catch the signals that ask to stop while the block runs."""
    request = StopRequest()
    before = {number: signal.signal(number, request) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
