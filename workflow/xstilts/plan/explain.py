"""One file: would it be made again, and what it was made of."""

from pathlib import Path

from xstilts.artifacts import MANIFEST, read_manifest
from xstilts.plan.jobs import Job, Jobs


def explain(job: Job, jobs: Jobs, root: Path) -> list[str]:
    """Lines that say why a job would run, down to the jobs that start it; or, of a result that stays, its ancestry."""
    if not job.runs:
        return [f"{job.name}: up to date", *_ancestry(job, jobs, root, "  ", set())]
    lines = [f"{job.name}: rule {job.rule} would run"]
    lines += _reasons(job, jobs, "  ", {job.name})
    return lines


def _reasons(job: Job, jobs: Jobs, indent: str, seen: set[str]) -> list[str]:
    """A job's reasons; one it inherits is followed to where it begins."""
    lines = []
    for why in job.why:
        lines.append(f"{indent}{why}")
        if not why.startswith("after: "):
            continue
        for name in job.needs:
            parent = jobs.by_name.get(name)
            if parent is not None and parent.runs and name not in seen:
                seen.add(name)
                lines.append(f"{indent}  {name}")
                lines += _reasons(parent, jobs, indent + "    ", seen)
    return lines


def _ancestry(job: Job, jobs: Jobs, root: Path, indent: str, seen: set[str]) -> list[str]:
    """What a result was made of: its recipe's digest, and its parents in turn."""
    manifest = root / job.folder / MANIFEST
    lines = []
    if job.name.endswith(MANIFEST) and manifest.is_file():
        found = read_manifest(manifest.parent)
        lines += [f"{indent}recipe {str(found['recipe_digest'])[:12]}"] if "recipe_digest" in found else []
        lines += [f"{indent}{found['seconds']} s on {found['device']}"] if found.keys() >= {"seconds", "device"} else []
    for name in job.needs:
        if name not in seen:
            seen.add(name)
            lines += [f"{indent}from {name}", *_ancestry(jobs.by_name[name], jobs, root, indent + "  ", seen)]
    return lines
