"""Where the seconds of a job went."""

import contextlib
import time
from collections.abc import Iterator


class Phases:
    """Seconds by phase; a phase entered again adds to its seconds, one within another takes its own away from it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner = [0.0]

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Count the block's time towards ``name``."""
        began = time.monotonic()
        self._inner.append(0.0)
        try:
            yield
        finally:
            spent = time.monotonic() - began
            own = spent - self._inner.pop()
            self._inner[-1] += spent
            self.seconds[name] = round(self.seconds.get(name, 0.0) + own, 3)
