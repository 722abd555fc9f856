"""Why a job would run, in words: what is missing, which keys of its recipe changed, which parent or data did."""

import ast
import json
from collections.abc import Iterable, Mapping
from typing import Any


def reasons(reason: Any, makers: Mapping[str, str]) -> tuple[str, ...]:
    """Snakemake's reason for a job, in words.

    Args:
        reason: the job's ``Reason``.
        makers: name of the job that makes it, by input.

    Returns:
        At least one line; the job's own reasons come before those it inherits.
    """
    said = []
    if reason.incomplete_output:
        said.append("incomplete: " + _names(reason.incomplete_output))
    if reason.missing_output:
        said.append("missing: " + _names(reason.missing_output))
    if reason.params_changed:
        said.append("changed: " + "; ".join(changes(reason.params_changed.only_old, reason.params_changed.only_new)))
    if reason.code_changed:
        said.append("changed: the rule's command")
    if reason.software_stack_changed:
        said.append("changed: software environment")
    if reason.updated_input:
        said.append("newer: " + _names(reason.updated_input))
    if reason.input_changed:
        said.append("changed: set of inputs")
    if reason.forced:
        said.append("forced")
    if reason.updated_input_run:
        said.append("after: " + _names({makers.get(str(path), str(path)) for path in reason.updated_input_run}))
    return tuple(said) or ("needed by another job",)


def changes(old: Iterable[Any], new: Iterable[Any]) -> list[str]:
    """Differences between the values of a job's params before and now.

    Values that are JSON objects are compared key by key: ``epochs 2 -> 3``; lists by what came and went, objects in
    them with the most similar ones; others as they are.
    """
    before, now = (sorted(map(_value, values), key=repr) for values in (old, new))
    said = []
    for value in now:
        twin = next((other for other in before if _alike(value, other)), None)
        if twin is None:
            said.append(f"now {_short(value)}")
            continue
        before.remove(twin)
        said += _differences(twin, value)
    return said + [f"no longer {_short(value)}" for value in before]


def _differences(old: Any, new: Any) -> list[str]:
    if isinstance(old, dict):
        said = []
        for key in {**old, **new}:
            before, now = old.get(key, "absent"), new.get(key, "absent")
            if before == now:
                continue
            shown = f"{key} {_short(before)} -> {_short(now)}"
            cut = "..." in shown and isinstance(before, list) and isinstance(now, list)
            said += [f"{key} {one}" for one in _differences(before, now)] if cut else [shown]
        return said
    gone, come = ([item for item in one if item not in other] for one, other in ((old, new), (new, old)))
    if not gone and not come:
        return ["order"]
    said = []
    for item in list(come):
        twin = max(gone, key=lambda other: _agreement(item, other), default=None)
        if _agreement(item, twin) >= 0.5:
            gone.remove(twin)
            come.remove(item)
            said += _differences(twin, item)
    said += [f"{sign}{_short(item)}" for sign, items in (("-", gone), ("+", come)) for item in items]
    # What changed in many entries alike is said once.
    return list(dict.fromkeys(said))


def _agreement(one: Any, other: Any) -> float:
    """The share of their keys in which two JSON objects agree; 0 of anything else."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return 0.0
    keys = one.keys() | other.keys()
    shared = [key for key in keys if one.get(key, "absent") == other.get(key, "absent")]
    return len(shared) / max(len(keys), 1)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return bool(one.keys() & other.keys())
    return isinstance(one, list) and isinstance(other, list)


def _value(recorded: Any) -> Any:
    """The value that Snakemake recorded: the repr of a string, of JSON, or of a list of names."""
    value = recorded
    if isinstance(value, str):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return recorded
    if isinstance(value, str):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _names(paths: Iterable[Any]) -> str:
    found = sorted(map(str, paths))
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
