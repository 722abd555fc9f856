"""Snakemake's own dry run as data.

The job list is read from Snakemake's graph rather than computed a second time: a plan and a run cannot disagree.
"""

import contextlib
import gc
import graphlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from xstilts.errors import ConfigError
from xstilts.plan.edited import check_recipes
from xstilts.plan.jobs import Job, Jobs
from xstilts.plan.params import param, recipe_of
from xstilts.plan.why import reasons


def read_jobs(snakefile: Path, study: Path, config: Mapping[str, Any], workdir: Path) -> Jobs:
    """Every job of a study, as `snakemake --dry-run` would find them.

    Args:
        snakefile: the workflow.
        study: the study file.
        config: keys that override the study's.
        workdir: the folder below which results lie.

    Raises:
        ConfigError: Snakemake cannot plan the study (the message is its own), or a result is of another recipe than the
            study's though no job would make it anew.
    """
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import (
        ConfigSettings,
        DAGSettings,
        OutputSettings,
        Quietness,
        RerunTrigger,
        ResourceSettings,
    )

    output = OutputSettings(dryrun=True, quiet={Quietness.ALL}, enable_file_logging=False)
    said = io.StringIO()
    try:
        with (
            _quickly(),
            contextlib.redirect_stderr(said),
            contextlib.redirect_stdout(said),
            SnakemakeApi(output) as api,
        ):
            workflow = api.workflow(
                # As many as any job asks for: Snakemake lowers a job's threads to the cores there are.
                resource_settings=ResourceSettings(cores=2**20),
                config_settings=ConfigSettings(configfiles=[study.resolve()], config=config),
                snakefile=snakefile,
                workdir=workdir,
            )
            # As profiles/default says; a test keeps the two in step.
            triggers = frozenset(RerunTrigger) - {RerunTrigger.CODE}
            # The shortest way to a finished graph: a dry run also writes a text about every job.
            workflow.dag(DAGSettings(force_incomplete=True, rerun_triggers=triggers)).printrulegraph()
            check_recipes(workflow._workflow.dag)
            return _jobs(workflow._workflow)
    except Exception as error:
        if type(error).__module__.startswith("snakemake"):
            raise ConfigError(_first_line(error)) from None
        raise


@contextlib.contextmanager
def _quickly() -> Iterator[None]:
    """Leave out what Snakemake does after its graph that no plan needs, at a cost per job.

    Environments to make (the rules name none, but every job's params are worked out to see that), and whether one job
    writes into a folder of another's, which the dry run checks. Nothing of a growing graph is garbage, so it is not
    searched for any.
    """
    from snakemake.dag import DAG

    collecting = gc.isenabled()
    gc.disable()
    try:
        with (
            mock.patch.object(DAG, "update_conda_envs", lambda dag: None),
            mock.patch.object(DAG, "check_directory_outputs", lambda dag: None),
        ):
            yield
    finally:
        # Put away with the old, unsearched.
        gc.freeze()
        gc.unfreeze()
        if collecting:
            gc.enable()


def _jobs(workflow: Any) -> Jobs:
    dag = workflow.dag
    needs = _needs()
    found = {job: _job(job, workflow, needs) for job in dag.jobs if job.output}
    order = graphlib.TopologicalSorter({job.name: job.needs for job in found.values()}).static_order()
    by_name = {job.name: job for job in found.values()}
    return Jobs({name: by_name[name] for name in order})


def _job(job: Any, workflow: Any, needs: Callable[[Any], tuple[int, int]]) -> Job:
    dag = workflow.dag
    record = workflow.persistence.metadata(job.output[0])
    seconds = None
    if record is not None and record.starttime and record.endtime and record.endtime > record.starttime:
        seconds = record.endtime - record.starttime
    threads, gpus = needs(job)
    return Job(
        name=_name(job),
        rule=job.rule.name,
        wildcards=dict(job.wildcards_dict),
        outputs=tuple(map(str, job.output)),
        needs=tuple(sorted({_name(parent) for parent in dag.dependencies[job] if parent.output})),
        threads=threads,
        gpus=gpus,
        recipe=recipe_of(job),
        seeds=_strings(param(job, "seeds")),
        data=tuple(manifest.rpartition("/")[0] for manifest in _strings(job.input.get("data"))),
        why=reasons(dag.reason(job), _makers(job, dag)) if dag.needrun(job) else (),
        seconds=seconds,
        limit=_limit(_strings(param(job, "limit"))),
    )


def _needs() -> Callable[[Any], tuple[int, int]]:
    """Threads and GPUs of a job: the same for all jobs of a rule and an encoder, so asked for once (`resource`)."""
    known: dict[tuple[str, str | None], tuple[int, int]] = {}

    def of(job: Any) -> tuple[int, int]:
        key = (job.rule.name, job.wildcards_dict.get("encoder"))
        if key not in known:
            known[key] = (int(job.threads), int(job.resources.get("gpu", 0) or 0))
        return known[key]

    return of


def _name(job: Any) -> str:
    return str(job.output[0])


def _makers(job: Any, dag: Any) -> dict[str, str]:
    """The names of the jobs that make this job's inputs, by input."""
    return {str(file): _name(parent) for parent, files in dag.dependencies[job].items() for file in files}


def _strings(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(_flat(value))


def _limit(words: tuple[str, ...]) -> int | None:
    return int(words[-1]) if words else None


def _flat(values: Iterable[Any]) -> Iterable[str]:
    return map(str, values)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(("WorkflowError", "File "))), type(error).__name__)
