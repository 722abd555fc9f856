"""Fixtures that several floors share."""

import os

# Two test workers on two cores: more threads each would only fight.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from tiny import tiny_encoder
from workflow import ROOT, Workplace

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """A checkpoint directory of a very small random encoder over a toy vocabulary."""
    return tiny_encoder(tmp_path_factory.mktemp("encoders") / "tiny")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The tiny study, run to its report without disturbance."""
    workplace = Workplace(tmp_path_factory.mktemp("finished") / "study")
    workplace.run()
    return workplace


@pytest.fixture(scope="session")
def sketched(tmp_path_factory):
    """The tiny study, run to its report by a stand-in that only leaves files: for tests of which jobs run."""
    workplace = Workplace(tmp_path_factory.mktemp("sketched") / "study")
    workplace.tools = ROOT / "tests" / "stub"
    workplace.run()
    return workplace
