"""How long jobs take together: the critical path, and the makespan on a given number of devices and cores."""

import heapq
from collections.abc import Mapping, Sequence

from xstilts.plan.jobs import Job


def critical_path(jobs: Sequence[Job], seconds: Mapping[str, float]) -> tuple[float, list[str]]:
    """Length and jobs of the longest chain: no number of devices makes the study shorter.

    Args:
        jobs: those that would run, parents before children.
        seconds: wall time by job name.
    """
    ends: dict[str, float] = {}
    before: dict[str, str | None] = {}
    for job in jobs:
        last = max((name for name in job.needs if name in ends), key=lambda name: ends[name], default=None)
        ends[job.name] = seconds[job.name] + (ends[last] if last is not None else 0.0)
        before[job.name] = last
    if not ends:
        return 0.0, []
    name: str | None = max(ends, key=lambda name: ends[name])
    length = ends[name] if name is not None else 0.0
    path = []
    while name is not None:
        path.append(name)
        name = before[name]
    return length, path[::-1]


def makespan(jobs: Sequence[Job], seconds: Mapping[str, float], gpus: int, cores: int) -> float:
    """Wall time with so many GPUs and cores: the longest remaining chain goes first, and nothing waits in a queue."""
    names = {job.name for job in jobs}
    by_name = {job.name: job for job in jobs}
    children: dict[str, list[str]] = {name: [] for name in names}
    missing: dict[str, int] = {}
    for job in jobs:
        parents = [name for name in job.needs if name in names]
        missing[job.name] = len(parents)
        for parent in parents:
            children[parent].append(job.name)
    rest: dict[str, float] = {}
    for job in reversed(jobs):
        rest[job.name] = seconds[job.name] + max((rest[child] for child in children[job.name]), default=0.0)
    # Jobs with a GPU and jobs without queue apart: one kind must not hold up the other.
    ready: dict[bool, list[tuple[float, str]]] = {True: [], False: []}

    def queue(name: str) -> None:
        heapq.heappush(ready[by_name[name].gpus > 0], (-rest[name], name))

    for name, count in missing.items():
        if count == 0:
            queue(name)
    running: list[tuple[float, str]] = []
    now, free_gpus, free_cores = 0.0, gpus, cores
    while any(ready.values()) or running:
        for waiting in ready.values():
            while waiting:
                name = waiting[0][1]
                devices, threads = min(by_name[name].gpus, gpus), min(by_name[name].threads, cores)
                if devices > free_gpus or threads > free_cores:
                    break
                heapq.heappop(waiting)
                free_gpus, free_cores = free_gpus - devices, free_cores - threads
                heapq.heappush(running, (now + seconds[name], name))
        now, name = heapq.heappop(running)
        free_gpus += min(by_name[name].gpus, gpus)
        free_cores += min(by_name[name].threads, cores)
        for child in children[name]:
            missing[child] -= 1
            if missing[child] == 0:
                queue(child)
    return now
