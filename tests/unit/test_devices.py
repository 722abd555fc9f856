import os
import select
import subprocess
import sys
import tempfile
import time

import pytest

from xstilts import devices
from xstilts.errors import XstiltsError

HOLDER = """
import sys, time
from pathlib import Path
from xstilts import devices
with devices.hold(1, Path(sys.argv[1])) as held:
    print(*held, flush=True)
    time.sleep(3600)
"""


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


def holder(folder) -> tuple[subprocess.Popen, str]:
    """Another job that holds one device, and which."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def test_jobs_get_devices_of_their_own_and_a_killed_job_gives_its_device_back(tmp_path):
    first, one = holder(tmp_path)
    second, other = holder(tmp_path)
    try:
        assert {one, other} == {"4", "7"}
        first.kill()
        first.wait()
        with devices.hold(1, tmp_path) as held:
            assert held == [one]
            assert os.environ["CUDA_VISIBLE_DEVICES"] == one
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,7"
    finally:
        for process in (first, second):
            process.kill()
            process.wait()


def test_a_job_waits_while_every_device_is_taken(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    environment = dict(os.environ)
    with devices.hold(2, tmp_path):
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        time.sleep(1.5)
        assert waiting.poll() is None
        assert not select.select([waiting.stdout], [], [], 0)[0]
    try:
        assert waiting.stdout.readline().strip() == "4"
    finally:
        waiting.kill()
        waiting.wait()


def test_a_job_without_gpu_sees_none(tmp_path):
    with devices.hold(0, tmp_path):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_processes_that_a_holder_starts_use_its_devices(tmp_path):
    with devices.hold(1, tmp_path) as held, devices.hold(1, tmp_path) as inner:
        assert inner == held


def test_a_holder_that_is_replaced_still_holds(tmp_path):
    code = HOLDER.replace("time.sleep(3600)", "import os; os.execvp('sleep', ['sleep', '3600'])")
    first = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout.readline().strip() == "4"
        time.sleep(0.5)
        with devices.hold(1, tmp_path) as held:
            assert held == ["7"]
    finally:
        first.kill()
        first.wait()


def test_more_than_the_machine_has_is_refused(tmp_path):
    with pytest.raises(XstiltsError, match="3 GPUs wanted, this machine shows 2"), devices.hold(3, tmp_path):
        pass


def test_what_slurm_gave_a_job_stands(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    with devices.hold(2, tmp_path) as held:
        assert held == ["4", "7"]
    assert not list(tmp_path.iterdir())


def test_jobs_within_one_allocation_get_devices_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    first, one = holder(tmp_path)
    try:
        with devices.hold(1, tmp_path) as held:
            assert {one, *held} == {"4", "7"}
    finally:
        first.kill()
        first.wait()


def test_allocations_number_their_devices_each_for_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for job in ("1", "2"):
        monkeypatch.setenv("SLURM_JOB_ID", job)
        with devices.hold(1) as held:
            assert held == ["4"]
    assert {path.name for path in tmp_path.iterdir()} == {"xstilts-gpus-1", "xstilts-gpus-2"}


def test_one_job_at_a_time_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert devices.visible() == []
    assert devices.count() == 1


@pytest.mark.parametrize("name", ["PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"])
def test_torchs_memory_settings_are_left_to_who_has_made_them(name, monkeypatch):
    for given in ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"):
        monkeypatch.delenv(given, raising=False)
    monkeypatch.setenv(name, "max_split_size_mb:64")
    devices.let_memory_grow()
    assert os.environ[name] == "max_split_size_mb:64"
    assert len({"PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"} & os.environ.keys()) == 1
    monkeypatch.delenv(name)
    devices.let_memory_grow()
    assert os.environ["PYTORCH_ALLOC_CONF"] == "expandable_segments:True"
    monkeypatch.delenv("PYTORCH_ALLOC_CONF")
