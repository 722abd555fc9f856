"""What a long job says while it runs."""

import sys
import time
from typing import TextIO


class Progress:
    """Prints a line at most every ``interval`` seconds: step, a note, examples/s, tokens/s if counted, and time left.

    Args:
        label: what runs, such as ``nli/seed1``.
        steps: how many steps there will be.
        interval: seconds between lines.
        stream: where lines go; standard error by default.
        speaks: whether it prints at all; of several processes one does.
    """

    def __init__(
        self, label: str, steps: int, interval: float = 10.0, stream: TextIO | None = None, speaks: bool = True
    ) -> None:
        self.label, self.steps, self.interval, self.speaks = label, steps, interval, speaks
        self.stream = stream or sys.stderr
        self.began = self.said = time.monotonic()
        self.examples = self.tokens = self.done = 0

    def step(self, step: int, examples: int, tokens: int, note: str) -> None:
        """Count one step; ``note`` is what else there is to say of it, such as its loss."""
        self.examples += examples
        self.tokens += tokens
        self.done += 1
        now = time.monotonic()
        if now - self.said < self.interval and step < self.steps:
            return
        self.said = now
        elapsed = max(now - self.began, 1e-9)
        left = elapsed / self.done * (self.steps - step)
        speed = f"{self.examples / elapsed:.0f} examples/s"
        if self.tokens:
            speed += f" {self.tokens / elapsed:.0f} tokens/s"
        self.say(f"step {step}/{self.steps} {note} {speed} left {_clock(left)}")

    def say(self, text: str) -> None:
        """Print one line."""
        if self.speaks:
            print(f"[{self.label}] {text}", file=self.stream, flush=True)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:d}:{minutes:02d}:{seconds:02d}"
