"""Signals that reach Snakemake but are meant for its job.

SLURM signals the processes that it started itself, and with cgroups none of their children: the warning before the wall
clock, a cancellation and a preemption reach the Snakemake around a training process, not the training process, which
would save its state.
"""

import os
import signal
import threading
from pathlib import Path

RELAYED = (signal.SIGUSR1, signal.SIGTERM)


def relay_signals() -> None:
    """Pass SIGUSR1 and SIGTERM on to those descendants of this process that have a handler for them.

    Snakemake keeps its own handler of SIGTERM: Python tells of every signal through a pipe as well, which a thread
    reads. Call it in the main thread.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGUSR1, lambda number, frame: None)
    threading.Thread(target=_relay, args=(reader,), daemon=True).start()


def _relay(reader: int) -> None:
    while numbers := os.read(reader, 64):
        for number in sorted(set(numbers) & set(RELAYED)):
            for process in descendants(os.getpid()):
                if catches(process, number):
                    _send(process, number)


def descendants(process: int) -> list[int]:
    """Ids of the children of a process, their children, and so on."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, _text(task).split()):
            found += [child, *descendants(child)]
    return found


def catches(process: int, number: int) -> bool:
    """Whether a process has a handler for a signal: others would die of it, or do not want it."""
    for line in _text(Path(f"/proc/{process}/status")).splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _send(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return
