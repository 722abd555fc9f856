"""Timers that Snakemake leaves behind.

Snakemake looks again for jobs to start once per timespan of ``max-jobs-per-timespan``, and each look that finds jobs
waiting adds a timer of its own that never ends: with the default of a second, a study of some hundred jobs keeps a core
busy with looking. The profiles name a minute instead. A timer that still waits when all is done would then hold the
process for up to that minute.
"""

import threading


def cancel_timers() -> None:
    """Stop every timer that still waits, so that the process ends when its work has."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
