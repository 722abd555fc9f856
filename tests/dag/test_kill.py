"""A run killed at any moment completes on the next call, to the same bytes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workflow import ROOT, Workplace
from xstilts.artifacts import read_json, verify
from xstilts.seeds import rng

pytestmark = pytest.mark.slow


def start(workplace: Workplace) -> subprocess.Popen:
    """A run in a process group of its own, so that its jobs die with it."""
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2", "--quiet", "all"),
        *("--directory", str(workplace.folder), "--configfile", str(workplace.study)),
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    log = (workplace.folder / "killed.log").open("a")
    environment = os.environ | {"PATH": path}
    return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)


def kill_in(workplace: Workplace, job: str, seconds: float) -> None:
    """SIGKILL the run and all its jobs, so long after a job has begun its log."""
    process = start(workplace)
    try:
        while not (workplace.results / "logs" / f"{job}.log").exists():
            assert process.poll() is None, f"ended before {job} began"
            time.sleep(0.05)
        time.sleep(seconds)
        assert process.poll() is None, f"ended before it was killed in {job}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_killed_runs_leave_nothing_half_and_end_in_the_same_bytes(finished, tmp_path):
    workplace = Workplace(tmp_path / "study")
    random = rng("kill")
    # While data are prepared, while a model is trained, while one is scored.
    for job in ("prepare/mini_nli/train", "intermediate/mini/nli/seed1", "evaluate/mini/nli/pos"):
        kill_in(workplace, job, random.uniform(0, 4))
    for manifest in workplace.results.rglob("manifest.json"):
        verify(manifest.parent)
    workplace.run()
    assert (workplace.results / "scores.csv").read_bytes() == (finished.results / "scores.csv").read_bytes()
    for manifest in finished.results.glob("checkpoints/**/manifest.json"):
        name = manifest.relative_to(finished.results)
        mine, theirs = (read_json(place.results / name)["files"] for place in (workplace, finished))
        assert mine["model.safetensors"] == theirs["model.safetensors"], name
    assert workplace.dry_run() == set()


def test_two_runs_of_one_study_do_not_meet(tmp_path):
    workplace = Workplace(tmp_path / "study")
    first = start(workplace)
    try:
        while not (workplace.results / "run.lock").exists():
            assert first.poll() is None, "ended before it held its lock"
            time.sleep(0.05)
        second = workplace.snakemake("--cores", "1", check=False)
        assert second.returncode != 0
        assert "another run of this study is going on here" in second.stdout + second.stderr
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
