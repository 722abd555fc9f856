"""The environment that Snakemake and its jobs run in: their interpreter, and what jobs need."""

import atexit
import gc
import os
import shutil
import sys
from pathlib import Path


def let_jobs_find_xstilts() -> None:
    """Append the folder of the running Python to ``PATH`` where no ``xstilts`` is found: jobs call it.

    In an environment that was not activated, the command stands beside that Python.
    """
    if shutil.which("xstilts") is None:
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def collect_seldom() -> None:
    """Look for garbage less often: imports, rows and a growing graph make millions of objects and none of it.

    And not at all at the end, when all memory goes back anyway: of a graph of thousands of jobs that takes seconds.
    """
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)
