"""Fixtures that several floors share."""

import fcntl
import os

# Two test workers on two cores: more threads each would only fight.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tiny import tiny_encoder
from workflow import ROOT, Workplace

# What a user has set for studies of his own: a checkpoint from his cache would be tested instead of this code's.
for name in ("XSTILTS_CACHE_DIR", "HF_HUB_OFFLINE", "SNAKEMAKE_PROFILE"):
    os.environ.pop(name, None)

# How long an example takes says more about the machine than about the code. The same examples every time, so that a
# failure comes again; `pytest --hypothesis-profile new` looks for others.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None)
settings.load_profile("same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have slow tests, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """A checkpoint directory of a very small random encoder over a toy vocabulary."""
    return tiny_encoder(tmp_path_factory.mktemp("encoders") / "tiny")


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Makes a folder once for all workers: the first that asks fills it, the others wait. Nobody changes it later."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def once(name: str, fill: Callable[[Path], object]) -> Path:
        done = base / f"{name}.done"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                fill(base / name)
                done.touch()
        return base / name

    return once


@pytest.fixture(scope="session")
def finished(shared):
    """The tiny study, run to its report without disturbance."""
    return Workplace(shared("finished", lambda folder: Workplace(folder).run()))


@pytest.fixture(scope="session")
def sketched(shared):
    """The tiny study, run to its report by a stand-in that only leaves files: for tests of which jobs run."""

    def sketch(folder: Path) -> None:
        workplace = Workplace(folder)
        workplace.tools = ROOT / "tests" / "stub"
        workplace.run()

    return Workplace(shared("sketched", sketch))
