"""The jobs of a study, as Snakemake sees them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from xstilts.artifacts import MANIFEST


@dataclass(frozen=True)
class Job:
    """One job, whether it would run or is done.

    Attributes:
        name: its first output, or its rule where it has none.
        rule: the rule, which is also the stage.
        wildcards: what distinguishes it from the rule's other jobs.
        outputs: every file it makes.
        needs: names of the jobs whose outputs it reads.
        threads: CPU cores.
        gpus: devices.
        recipe: what the job is told to do, for rules that have a recipe.
        seeds: folders of the runs it scores, for rules that score several.
        data: folders of the prepared data it reads.
        why: reasons to run, in words; empty where the job is done.
        seconds: wall time of its last run where Snakemake recorded one.
        limit: test rows per language that it keeps, for rules that prepare data; None for all.
    """

    name: str
    rule: str
    wildcards: Mapping[str, str]
    outputs: tuple[str, ...]
    needs: tuple[str, ...]
    threads: int
    gpus: int
    recipe: Mapping[str, Any] | None
    seeds: tuple[str, ...]
    data: tuple[str, ...]
    why: tuple[str, ...]
    seconds: float | None
    limit: int | None = None

    @property
    def runs(self) -> bool:
        """Whether a run would start it."""
        return bool(self.why)

    @property
    def folder(self) -> str:
        """Where its first output lies: the checkpoint, for rules that make one."""
        return self.name.rpartition("/")[0]


@dataclass(frozen=True)
class Jobs:
    """All jobs of a study, parents before children."""

    by_name: Mapping[str, Job]

    def __iter__(self) -> Iterator[Job]:
        return iter(self.by_name.values())

    @property
    def waiting(self) -> list[Job]:
        """Those that would run."""
        return [job for job in self if job.runs]

    @property
    def done(self) -> list[Job]:
        """Those that would not."""
        return [job for job in self if not job.runs]

    def makes(self, path: str) -> Job | None:
        """The job that makes a file or something in a folder, or the manifest of the folder that a file lies in."""
        wanted = path.rstrip("/")
        makers = {output: job for job in self for output in job.outputs}
        vouching = (f"{folder}/{MANIFEST}" for folder in PurePath(wanted).parents)
        inside = (output for output in makers if output.startswith(f"{wanted}/"))
        return next((makers[name] for name in (wanted, *inside, *vouching) if name in makers), None)
