"""What a study costs through SLURM beside the same study on as many cores without it.

Starts a cluster on this machine as tests/slurm does (root, Debian; `make test-slurm` installs what it needs), runs the
study here and there, and takes apart where the time goes: the processors' seconds, which do not depend on what else the
machine does, and the clock's, of which those when no job ran are queueing, submission, polling and what runs where
Snakemake was called.

    python benchmarks/slurm.py --study config.yaml
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from slurm.cluster import Cluster, missing  # noqa: E402


def timed(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Run a command; seconds of the clock and of the processors, its waited-for descendants' included.

    Raises:
        SystemExit: it failed; its log is named.
    """
    folder.mkdir(parents=True)
    log = folder / "snakemake.log"
    began = time.monotonic()
    with log.open("w") as handle:
        process = subprocess.Popen(command, cwd=folder, stdout=handle, stderr=handle, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: failed, see {log}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def seconds(duration: str) -> float:
    """Seconds of SLURM's [D-][HH:]MM:SS[.mmm]."""
    days, _, rest = duration.rpartition("-")
    total = 0.0
    for part in rest.split(":"):
        total = total * 60 + float(part)
    return total + 86400 * int(days or 0)


def accounted(cluster: Cluster, folder: Path) -> list[dict[str, float]]:
    """Each job's `submit`, `start` and `end` (Unix time, whole seconds) and processor seconds, once all are booked."""
    # Not with -X, which leaves out the processor seconds; a job's steps have no folder.
    fields = "WorkDir,State,Submit,Start,End,TotalCPU"
    while True:
        said = cluster.said("sacct", "-n", "-P", "-o", fields) or ""
        rows = [row.split("|") for row in said.splitlines() if row.startswith(f"{folder}|")]
        if rows and all(row[1] == "COMPLETED" for row in rows):
            break
        time.sleep(1)
    stamps = [[datetime.fromisoformat(stamp).timestamp() for stamp in row[2:5]] for row in rows]
    return [
        {"submit": submit, "start": start, "end": end, "cpu": seconds(row[5])}
        for row, (submit, start, end) in zip(rows, stamps, strict=True)
    ]


def covered(spans: list[tuple[float, float]]) -> float:
    """Length of the union of spans."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", type=Path, default=ROOT / "config.yaml")
    parser.add_argument("--keep", type=Path, help="folder for both runs (default: a temporary one)")
    arguments = parser.parse_args()
    if reason := missing():
        raise SystemExit(reason)
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="xstilts-slurm-bench-"))
    common = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(arguments.study.resolve())]
    paths = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    load = os.getloadavg()[0]
    here = timed([sys.executable, "-m", "snakemake", *common, "--cores", "2"], folder / "local", os.environ | paths)
    # One core a node, two nodes: as many jobs at once as here.
    cluster = Cluster(cpus=1)
    try:
        cluster.start()
        options = ["--workflow-profile", "slurm", "--slurm-init-seconds-before-status-checks", "1"]
        options += ["--slurm-partition-config", str(ROOT / "tests/slurm/partitions.yaml"), "--default-resources"]
        options += ["slurm_extra='--signal=USR1@120'", "gpu=0", "mem_mb=2000", "runtime=60"]
        there = timed(
            [sys.executable, str(ROOT / "tests/slurm/fastpoll.py"), *common, *options],
            folder / "cluster",
            cluster.environment() | paths,
        )
        jobs = accounted(cluster, folder / "cluster")
    finally:
        cluster.stop()
    ran = covered([(job["start"], job["end"]) for job in jobs])
    queued = sum(job["start"] - job["submit"] for job in jobs) / len(jobs)
    cpu = there[1] + sum(job["cpu"] for job in jobs)
    print(f"load before {load:.1f}, after {os.getloadavg()[0]:.1f}; {len(jobs)} jobs")
    print(f"clock, s: local {here[0]:.0f}, cluster {there[0]:.0f} ({there[0] / here[0]:.2f}x)")
    print(f"  of the cluster's: a job ran {ran:.0f} ({ran / here[0]:.2f}x local), none ran {there[0] - ran:.0f};")
    print(f"  a job queued {queued:.1f} on average")
    print(f"processors, s: local {here[1]:.0f}, cluster {cpu:.0f} ({cpu / here[1]:.2f}x), {there[1]:.0f} of it where")
    print(f"  Snakemake was called; {(cpu - there[1] - here[1]) / len(jobs):.1f} more a job")


if __name__ == "__main__":
    main()
