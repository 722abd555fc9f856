"""What jobs need of the environment that Snakemake runs in."""

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
