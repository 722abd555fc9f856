"""What would run, why, and what it costs. The jobs are Snakemake's own; the costs are this package's."""

from xstilts.plan.jobs import Job, Jobs

__all__ = ["Job", "Jobs"]
