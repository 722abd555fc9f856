"""The GPUs of this machine, handed out one job at a time.

Snakemake counts GPUs but does not say which of them a job gets; two jobs would both take the first. Jobs therefore hold
a lock per device while they run. The lock dies with its process, so a killed job leaves no device behind.
"""

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import XstiltsError

VISIBLE = "CUDA_VISIBLE_DEVICES"
# Set for the processes that a holder starts, which use its devices.
HELD = "XSTILTS_GPUS_HELD"


def visible() -> list[str]:
    """Ids of the devices that may be used: those of ``CUDA_VISIBLE_DEVICES`` where it is set, else all of them."""
    listed = os.environ.get(VISIBLE)
    if listed is None:
        return [str(index) for index, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
    return [name for name in map(str.strip, listed.split(",")) if name not in ("", "-1")]


def count() -> int:
    """How many jobs of one GPU each may run at once: at least one, because without a GPU they run on the CPU."""
    return max(1, len(visible()))


@contextlib.contextmanager
def hold(wanted: int, folder: Path | None = None) -> Iterator[list[str]]:
    """Keep ``wanted`` devices for this process while the block runs, and show it no others.

    Waits until as many are free. Where SLURM shows no more than are wanted it has chosen already: its choice stands. Of
    a larger allocation (``salloc --gpus=4`` around a whole run) each job takes its own. On a machine without GPUs there
    is nothing to hold.

    Args:
        wanted: number of devices; 0 hides them all.
        folder: where the locks lie; all users of a machine share it. By default one for each SLURM job, because device
            ids are numbered from 0 in each.

    Yields:
        The ids now in ``CUDA_VISIBLE_DEVICES``.

    Raises:
        XstiltsError: the machine has GPUs, but fewer than ``wanted``.
    """
    found, allocation = visible(), os.environ.get("SLURM_JOB_ID")
    if HELD in os.environ or not found or (allocation is not None and len(found) <= wanted):
        yield found
        return
    if wanted > len(found):
        raise XstiltsError(f"{wanted} GPUs wanted, this machine shows {len(found)}; lower the encoder's resources.gpus")
    with contextlib.ExitStack() as locks:
        held = _take(found, wanted, folder or _folder(allocation), locks)
        before = dict(os.environ)
        os.environ |= {VISIBLE: ",".join(held), HELD: "1"}
        try:
            yield held
        finally:
            for name in (VISIBLE, HELD):
                del os.environ[name]
            os.environ |= {VISIBLE: before[VISIBLE]} if VISIBLE in before else {}


def let_memory_grow() -> None:
    """Have torch, when it is imported, take GPU memory in blocks that can grow, unless its settings are given.

    Passes come in many sizes: blocks that were made for smaller ones would lie unused.
    """
    if not {"PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"} & os.environ.keys():
        os.environ["PYTORCH_ALLOC_CONF"] = "expandable_segments:True"


def _folder(allocation: str | None) -> Path:
    return Path(tempfile.gettempdir()) / ("xstilts-gpus" if allocation is None else f"xstilts-gpus-{allocation}")


def _take(found: list[str], wanted: int, folder: Path, locks: contextlib.ExitStack) -> list[str]:
    """Lock ``wanted`` of the devices, all or none at a time so that two jobs cannot wait for each other."""
    while True:
        held: list[str] = []
        with contextlib.ExitStack() as attempt:
            for name in found:
                if len(held) < wanted and _lock(folder / f"{name.replace('/', '-')}.lock", attempt):
                    held.append(name)
            if len(held) == wanted:
                locks.push(attempt.pop_all())
                return held
        time.sleep(0.5)


def _lock(path: Path, locks: contextlib.ExitStack) -> bool:
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o1777)
    # Another user's file can be read and locked but not opened for creation: sticky folders refuse that.
    flags = os.O_RDONLY | os.O_NOFOLLOW
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        handle = os.open(path, flags | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    # A holder that is replaced by the launcher of several processes still holds.
    os.set_inheritable(handle, True)
    locks.callback(os.close, handle)
    return True
