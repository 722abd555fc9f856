"""What Snakemake's jobs are told."""

import functools
import json
from collections.abc import Mapping
from typing import Any


def param(job: Any, name: str) -> Any:
    """One param of a Snakemake job; None where its rule has none of that name.

    Those that are asked for here are functions of wildcards alone (`per`); the others are not worked out.
    """
    value = job.rule.params.get(name)
    return value(job.wildcards) if callable(value) else value


def recipe_of(job: Any) -> Mapping[str, Any] | None:
    """The recipe of a Snakemake job, for rules that have one."""
    return _mapping(param(job, "recipe"))


@functools.cache
def _mapping(text: str | None) -> Mapping[str, Any] | None:
    """The recipe that a text is; one object for all jobs that are told the same."""
    return None if text is None else json.loads(text)
