"""A cluster for these tests, and the undisturbed local run that every other run is compared with."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from slurm.cluster import Cluster, missing
from workflow import ROOT, Workplace
from xstilts.artifacts import read_json, verify

HERE = Path(__file__).parent
TRAINED = "results/cluster/checkpoints/mini/nli/seed1/manifest.json"
STATE, LOG = "state/mini/nli/seed1", "logs/intermediate/mini/nli/seed1.log"
# What is written at the end of the tests: how often steps were done twice.
REPORT: list[str] = []


class Run:
    """One call of Snakemake on the cluster, in a process group of its own."""

    def __init__(
        self,
        workplace: "ClusterWorkplace",
        *targets: str,
        partition: str | None = None,
        warn: int | None = None,
        retries: int = 3,
        **environment: str,
    ) -> None:
        self.log = workplace.folder / f"call{len(list(workplace.folder.glob('call*.log')))}.log"
        # Where nothing is wanted that the profile does not say, its own defaults are what is tested.
        wanted = ["gpu=0", "mem_mb=2000", "runtime=60", f"slurm_extra='--signal=USR1@{warn or 120}'"]
        placed = [f"slurm_partition={partition}"] if partition else []
        resources = ["--default-resources", *wanted, *placed] if partition or warn else []
        command = [
            *(sys.executable, str(HERE / "fastpoll.py"), "--snakefile", str(ROOT / "Snakefile")),
            *("--configfile", str(workplace.study), "--workflow-profile", "slurm", "--latency-wait", "20"),
            *("--slurm-init-seconds-before-status-checks", "1", "--retries", str(retries)),
            *("--slurm-partition-config", str(HERE / "partitions.yaml")),
            *(*resources, "--", *targets),
        ]
        paths = [*filter(None, [workplace.tools]), Path(sys.executable).parent, os.environ["PATH"]]
        inherited = workplace.cluster.environment() | {"PATH": os.pathsep.join(map(str, paths))}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=workplace.folder,
                stdout=log,
                stderr=log,
                env=inherited | environment,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL; its jobs run on."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait(self, good: bool = True) -> str:
        """Wait for its end, a good one or not; what it said."""
        try:
            code = self.process.wait(timeout=3000)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it does not end:\n{self.said[-5000:]}") from None
        assert (code == 0) == good, self.said[-8000:]
        return self.said


class ClusterWorkplace(Workplace):
    """A workplace whose jobs run on the cluster, with one long training job to be disturbed."""

    runs: ClassVar[list[Run]] = []

    def __init__(self, folder: Path, cluster: Cluster, study: Path = HERE / "study.yaml") -> None:
        super().__init__(folder, study)
        self.cluster = cluster

    def start(self, *targets: str, **options: object) -> Run:
        self.runs.append(Run(self, *targets, **options))
        return self.runs[-1]

    def stop(self) -> None:
        """End what a failed test left here and in the folders beside: the calls, then their jobs."""
        for run in self.runs:
            if run.log.is_relative_to(self.folder.parent) and run.process.poll() is None:
                run.kill()
        self.cluster.empty(self.folder.parent)

    def jobs(self, rule: str = "intermediate") -> list[str]:
        return self.cluster.jobs(rule, self.folder)

    @property
    def training_log(self) -> str:
        log = self.results / LOG
        return log.read_text(errors="replace") if log.exists() else ""

    @property
    def position(self) -> int:
        """The last step that the training job has done; 0 where there is none."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self.results / STATE / "position").read_text() or 0)
        return 0

    @contextlib.contextmanager
    def held(self, after: int = 0) -> Iterator["Held"]:
        """The training job in the midst of its steps, after a certain one, and stopped there until the block ends."""
        wait_for(lambda: self.position > after and trainers(self.folder))
        (process,) = trainers(self.folder)
        os.kill(process, signal.SIGSTOP)
        (job,) = self.jobs()
        try:
            yield Held(job, process, self.position)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)

    def resumed(self) -> list[dict[str, int]]:
        """Where the training job was taken up, and how many steps were done twice for it."""
        manifest = read_json(self.folder / TRAINED)
        places = manifest["resumed"]
        twice = sum(place["repeated_steps"] for place in places)
        steps = manifest["history"]["steps"]
        taken_up = ", ".join(f"after step {place['step']}" for place in places) or "never"
        REPORT.append(f"{self.folder.parent.name}: taken up {taken_up}; {twice} of {steps} steps done twice")
        return places

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


class Held:
    """A training job that is stopped.

    Attributes:
        job: its id.
        process: id of its training process.
        position: the step that it has done last.
    """

    def __init__(self, job: str, process: int, position: int) -> None:
        self.job, self.process, self.position = job, process, position

    def until_told(self) -> None:
        """Wait until SLURM has sent it a signal, which it will find when it goes on (or which made it go on)."""
        wait_for(lambda: "State:\tT" not in self._status or int(self._fact("ShdPnd"), 16))

    def kill_with_its_job(self) -> None:
        """End all processes of the job at once, as a machine does that loses power."""
        mark, steps = f"SLURM_JOB_ID={self.job}".encode(), f"slurmstepd: [{self.job}.".encode()
        found = [
            process
            for process in processes()
            if mark in read(process, "environ").split(b"\0") or read(process, "cmdline").startswith(steps)
        ]
        assert self.process in found
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    @property
    def _status(self) -> str:
        return read(self.process, "status").decode()

    def _fact(self, name: str) -> str:
        return dict(line.partition(":\t")[::2] for line in self._status.splitlines()).get(name, "1")


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def read(process: int, name: str) -> bytes:
    """A file that the system keeps of a process; empty where that has ended."""
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""


def trainers(folder: Path) -> list[int]:
    """Processes that train in a folder."""
    return [
        process
        for process in processes()
        if read(process, "cmdline").split(b"\0")[2:3] == [b"train"]
        and os.path.realpath(f"/proc/{process}/cwd") == str(folder)
    ]


def wait_for(ready: Callable[[], object], seconds: float = 3000) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"nothing came of it in {seconds} s"
        time.sleep(0.05)


def pytest_terminal_summary(terminalreporter) -> None:
    for line in sorted(REPORT):
        terminalreporter.write_line(line)


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
def prepared(tmp_path_factory) -> Workplace:
    """The study of these tests before any training: data and encoder are there."""
    workplace = Workplace(tmp_path_factory.mktemp("prepared") / "study", HERE / "study.yaml")
    made = ("data/mini_nli/train/manifest.json", "data/mini_pos/train/manifest.json", "encoders/mini/manifest.json")
    workplace.run(*(f"results/cluster/{name}" for name in made))
    return workplace
