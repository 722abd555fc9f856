"""The plan as numbers, and as a table."""

from collections.abc import Mapping
from typing import Any

from xstilts.plan.estimate import TRAINERS, Estimate, Estimator
from xstilts.plan.jobs import Job, Jobs
from xstilts.plan.schedule import critical_path, makespan

STAGES = (
    *("fetch", "prepare", "lexicon", "perturb", "mini_encoder", "hub_encoder", "intermediate", "target", "evaluate"),
    *("scores", "alignment", "alignment_table", "questions", "figures", "report"),
)


def summarise(
    jobs: Jobs, estimator: Estimator, gpus: int, cores: int, price: float | None, watts: float | None
) -> dict[str, Any]:
    """What a run would do and take.

    Args:
        jobs: all jobs of the study.
        estimator: says what each takes.
        gpus: devices to plan for.
        cores: CPU cores to plan for.
        price: money per GPU-hour, if it is to be counted.
        watts: power of a GPU at work, if energy is to be counted.

    Returns:
        ``stages`` and ``total`` (jobs, GPU- and CPU-hours as ``[low, expected, high]``, bytes, basis), ``jobs`` (each
        with its reasons), ``critical_path``, ``makespan_seconds``, ``reuse``; ``cost``, ``kwh`` where rates are given.
    """
    waiting = jobs.waiting
    estimates = {job.name: estimator.of(job) for job in waiting}
    seconds = {name: estimate.seconds for name, estimate in estimates.items()}
    length, path = critical_path(waiting, seconds)
    stages = {
        rule: _stage([job for job in waiting if job.rule == rule], estimates)
        for rule in sorted({job.rule for job in waiting}, key=_rank)
    }
    total = _stage(waiting, estimates)
    found: dict[str, Any] = {
        "stages": stages,
        "total": total,
        "jobs": [
            {
                "output": job.name,
                "rule": job.rule,
                "why": list(job.why),
                "seconds": _rounded(estimates[job.name]),
                "basis": estimates[job.name].basis,
                "gpus": job.gpus,
                "threads": job.threads,
            }
            for job in waiting
        ],
        "critical_path": {"seconds": round(length, 1), "jobs": path},
        "gpus": gpus,
        "cores": cores,
        "device": estimator.device,
        "makespan_seconds": round(makespan(waiting, seconds, gpus, cores), 1),
        "reuse": _reuse(jobs.done),
    }
    if price is not None:
        found["cost"] = [round(hours * price, 2) for hours in total["gpu_hours"]]
    if watts is not None:
        found["kwh"] = [round(hours * watts / 1000, 2) for hours in total["gpu_hours"]]
    return found


def table(plan: Mapping[str, Any], limit: int) -> str:
    """The plan in lines; at most ``limit`` reasons a stage."""
    if not plan["jobs"]:
        return "Nothing to run: every result is there and up to date.\n" + _reused(plan["reuse"])
    lines = [f"{'stage':<14}{'jobs':>6}{'wall each':>12}{'GPU-hours':>22}{'CPU-h':>9}{'disk':>10}  from"]
    for name, stage in [*plan["stages"].items(), ("total", plan["total"])]:
        hours = "{1:.2f} ({0:.2f}-{2:.2f})".format(*stage["gpu_hours"]) if any(stage["gpu_hours"]) else "-"
        lines.append(
            f"{name:<14}{stage['jobs']:>6}{_time(stage['seconds_each']) if name != 'total' else '':>12}{hours:>22}"
            f"{stage['cpu_hours'][1]:>9.2f}{_size(stage['bytes']):>10}  {stage['basis']}"
        )
    lines += ["", "Why:"]
    for rule in plan["stages"]:
        reasons = _grouped([job for job in plan["jobs"] if job["rule"] == rule])
        lines += [f"  {rule}: {count} x {why}" for why, count in reasons[:limit]]
        if len(reasons) > limit:
            lines.append(f"  {rule}: {len(reasons) - limit} more reasons (--reasons {len(reasons)})")
    lines += [
        "",
        f"Critical path {_time(plan['critical_path']['seconds'])} ({len(plan['critical_path']['jobs'])} jobs)."
        f" On {plan['gpus']} GPU(s) and {plan['cores']} cores, without queueing: {_time(plan['makespan_seconds'])}.",
    ]
    if any(any(stage["gpu_hours"]) and stage["basis"] == "modelled" for stage in plan["stages"].values()):
        lines.append(f"GPU-hours that nothing has measured yet are counted for {plan['device']} (--device).")
    if "cost" in plan:
        lines.append("Cost {1} (between {0} and {2}).".format(*plan["cost"]))
    if "kwh" in plan:
        lines.append("GPU energy {1} kWh (between {0} and {2}).".format(*plan["kwh"]))
    return "\n".join([*lines, _reused(plan["reuse"])])


def _stage(jobs: list[Job], estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    found = [(job, estimates[job.name]) for job in jobs]

    def hours(units: str) -> list[float]:
        return [
            round(sum(getattr(e, field) * getattr(job, units) for job, e in found) / 3600, 4)
            for field in ("low", "seconds", "high")
        ]

    bases = {estimate.basis for _, estimate in found}
    return {
        "jobs": len(jobs),
        "seconds_each": round(sum(e.seconds for _, e in found) / len(found), 1) if found else 0.0,
        "seconds": [round(sum(getattr(e, f) for _, e in found), 1) for f in ("low", "seconds", "high")],
        "gpu_hours": hours("gpus"),
        "cpu_hours": hours("threads"),
        "bytes": sum(estimate.bytes for _, estimate in found),
        "basis": next((basis for basis in ("modelled", "scaled") if basis in bases), "measured"),
    }


def _reuse(done: list[Job]) -> dict[str, Any]:
    trained = [job for job in done if job.rule in TRAINERS]
    return {
        "jobs": len(done),
        "checkpoints": len(trained),
        "gpu_hours": round(sum((job.seconds or 0) * job.gpus for job in trained) / 3600, 4),
        "hours": round(sum(job.seconds or 0 for job in trained) / 3600, 4),
    }


def _reused(reuse: Mapping[str, Any]) -> str:
    return (
        f"Already there: {reuse['jobs']} results, {reuse['checkpoints']} trained checkpoints among them"
        f" ({_time(reuse['hours'] * 3600)} of training)."
    )


def _grouped(jobs: list[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Reasons and how many jobs have each; outputs that are missing or made anew count as one reason."""
    counts: dict[str, int] = {}
    for job in jobs:
        for why in job["why"][:1]:
            kind = "missing" if why.startswith("missing") else "after another job" if why.startswith("after") else why
            counts[kind] = counts.get(kind, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])


def _rank(rule: str) -> int:
    return STAGES.index(rule) if rule in STAGES else len(STAGES)


def _rounded(estimate: Estimate) -> list[float]:
    return [round(value, 1) for value in (estimate.low, estimate.seconds, estimate.high)]


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
