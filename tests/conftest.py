"""Fixtures that several floors share."""

import os

# Two test workers on two cores: more threads each would only fight.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from tiny import tiny_encoder


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """A checkpoint directory of a very small random encoder over a toy vocabulary."""
    return tiny_encoder(tmp_path_factory.mktemp("encoders") / "tiny")
