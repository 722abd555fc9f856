"""A cluster for these tests, and the undisturbed local run that every other run is compared with."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slurm.cluster import Cluster, missing
from workflow import ROOT, Workplace
from xstilts.artifacts import read_json, verify

HERE = Path(__file__).parent


class Run:
    """One call of Snakemake on the cluster, in a process group of its own."""

    def __init__(self, workplace: "ClusterWorkplace", *arguments: str, warn: int = 30) -> None:
        self.log = workplace.folder / f"call{len(list(workplace.folder.glob('call*.log')))}.log"
        command = [
            *(sys.executable, str(HERE / "fastpoll.py"), "--snakefile", str(ROOT / "Snakefile")),
            *("--configfile", str(workplace.study), "--workflow-profile", "slurm", "--latency-wait", "10"),
            *("--slurm-init-seconds-before-status-checks", "1"),
            *("--slurm-partition-config", str(HERE / "partitions.yaml")),
            *("--default-resources", "slurm_account=ci", f"slurm_extra='--signal=USR1@{warn}'", "gpu=0"),
            *("mem_mb=2000", "runtime=10"),
            *("--set-resources", "intermediate:runtime=attempt*10", *arguments),
        ]
        environment = workplace.cluster.environment()
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=workplace.folder, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float = 900) -> str:
        """Wait for its end, which must be a good one; what it said."""
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"still running after {seconds} s:\n{self.said[-5000:]}") from None
        assert code == 0, self.said[-8000:]
        return self.said


class ClusterWorkplace(Workplace):
    """A workplace whose jobs run on the cluster."""

    def __init__(self, folder: Path, cluster: Cluster, study: Path = HERE / "study.yaml") -> None:
        super().__init__(folder, study)
        self.cluster = cluster
        self.runs: list[Run] = []

    def start(self, *arguments: str, **options: int) -> Run:
        self.runs.append(Run(self, *arguments, **options))
        return self.runs[-1]

    def stop(self) -> None:
        """End what a failed test left: the calls, then their jobs."""
        for run in self.runs:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()
        self.cluster.empty()

    def training_log(self) -> str:
        log = self.results / "logs/intermediate/mini/nli/seed1.log"
        return log.read_text() if log.exists() else ""

    def until_it_trains(self) -> str:
        """Wait until the intermediate run is in its steps; the id of its job."""
        wait_for(lambda: "step" in self.training_log() and self.cluster.jobs("intermediate"), 300)
        return self.cluster.jobs("intermediate")[0]

    def resumed(self) -> list[dict[str, int]]:
        """Where the intermediate run was taken up, and how many steps were done twice for it."""
        taken_up = read_json(self.results / "checkpoints/mini/nli/seed1/manifest.json")["resumed"]
        print(self.folder, "resumed:", taken_up)
        return [place for place in taken_up if place["step"] > 0]

    def assert_same_as(self, other: Workplace) -> None:
        """Weights and scores are those of the other run, bit for bit."""
        assert (self.results / "scores.csv").read_bytes() == (other.results / "scores.csv").read_bytes()
        self.assert_same_weights(other)

    def assert_same_weights(self, other: Workplace) -> None:
        names = [path.relative_to(self.results) for path in self.results.glob("checkpoints/**/manifest.json")]
        assert names
        for name in names:
            verify((self.results / name).parent)
            mine, theirs = (read_json(place.results / name)["files"] for place in (self, other))
            assert mine["model.safetensors"] == theirs["model.safetensors"], name


def wait_for(ready: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"nothing came of it in {seconds} s"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def cluster():
    reason = missing()
    if reason:
        pytest.skip(reason)
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def local(tmp_path_factory) -> Workplace:
    """The study of these tests, run on this machine without disturbance."""
    workplace = Workplace(tmp_path_factory.mktemp("local") / "study", HERE / "study.yaml")
    workplace.run()
    return workplace


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Workplace:
    """The same study as far as its one long training job."""
    workplace = Workplace(tmp_path_factory.mktemp("trained") / "study", HERE / "study.yaml")
    workplace.run(f"{workplace.results.relative_to(workplace.folder)}/checkpoints/mini/nli/seed1/manifest.json")
    return workplace


@pytest.fixture
def prepared(trained, cluster, tmp_path) -> Iterator[ClusterWorkplace]:
    """The same study before any training: data and encoder are there, the long training job is next."""
    shutil.copytree(trained.folder, tmp_path / "study", copy_function=shutil.copy2)
    workplace = ClusterWorkplace(tmp_path / "study", cluster)
    for name in ("checkpoints", "logs"):
        shutil.rmtree(workplace.results / name)
    yield workplace
    workplace.stop()
