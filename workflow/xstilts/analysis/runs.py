"""What the training runs of a study did: a table of runs, and their curves."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from xstilts.artifacts import MANIFEST, atomic_file, made_again, read_json
from xstilts.errors import DataError
from xstilts.seeds import seed_number
from xstilts.tables import read_table

RUN = ("encoder", "intermediate", "target", "seed")
RUN_COLUMNS = (
    *RUN,
    *("tasks", "method", "examples", "batch_size", "steps", "learning_rate"),
    *("best_step", "dev_metric", "dev", "n_dev"),
    *("seconds", "examples_per_second", "tokens_per_second", "mfu", "host_mb", "device_mb", "resumed", "device"),
)
CURVE_COLUMNS = (*RUN, "tasks", "method", "dev_metric", "n_dev", "steps", "step", "quantity", "value")
DEV = "dev"
LOSS = "loss"
METHOD = "method:"
_WRITTEN: dict[str, Any] = {"index": False, "lineterminator": "\n"}


def collect_runs(folders: Mapping[tuple[str, str, str, str], str], runs_csv: Path, curves_csv: Path) -> None:
    """Gather what the manifests of checkpoints say of their training, as two tables.

    Args:
        folders: checkpoint by encoder, intermediate recipe, target (empty: the intermediate run itself) and seed.
        runs_csv: one row per run, ``dev`` in percent and of the kept weights; written whole or not at all, like the
            next.
        curves_csv: one row per run, step and quantity: ``dev`` (English dev, percent; ``dev:TASK`` where there are
            several tasks), ``loss`` (mean since the row before), and what the method reports of itself as
            ``method:NAME``.

    Raises:
        XstiltsError: a manifest is missing, is not JSON or is not a checkpoint's.
    """
    runs, curves = [], []
    for (encoder, intermediate, target, seed), folder in folders.items():
        named = {"encoder": encoder, "intermediate": intermediate, "target": target, "seed": seed_number(seed)}
        path = Path(folder) / MANIFEST
        found = read_json(path)
        try:
            runs.append(named | _run(found))
            curves += [named | row for row in _curves(found)]
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: not a trained checkpoint's manifest ({error!r}); {made_again(path)}") from None
    with atomic_file(runs_csv) as table, atomic_file(curves_csv) as long:
        pd.DataFrame(runs, columns=list(RUN_COLUMNS)).to_csv(table, float_format="%.6g", **_WRITTEN)
        pd.DataFrame(curves, columns=list(CURVE_COLUMNS)).to_csv(long, float_format="%.6g", **_WRITTEN)


def read_runs(path: Path) -> pd.DataFrame:
    """Read the table of runs; see :func:`collect_runs`.

    Raises:
        DataError: the file is missing, malformed, or lacks a column.
    """
    return _read(path, RUN_COLUMNS)


def read_curves(path: Path) -> pd.DataFrame:
    """Read the curves; see :func:`collect_runs`.

    Raises:
        DataError: the file is missing, malformed, or lacks a column.
    """
    return _read(path, CURVE_COLUMNS)


def _run(manifest: Mapping[str, Any]) -> dict[str, Any]:
    recipe, history = manifest["recipe"], manifest["history"]
    return {
        "tasks": " ".join(recipe["tasks"]),
        "method": recipe["method"],
        "examples": manifest["rows"]["train"],
        "batch_size": recipe["batch_size"],
        "steps": history["steps"],
        "learning_rate": manifest["learning_rate"],
        "best_step": history["best_step"],
        "dev_metric": manifest["dev_metric"],
        "dev": history["best_score"],
        "n_dev": manifest["rows"]["dev"],
        "seconds": manifest["seconds"],
        "examples_per_second": history["examples_per_second"],
        "tokens_per_second": history["tokens_per_second"],
        "mfu": manifest["cost"]["mfu"],
        "host_mb": manifest["peak_memory_mb"]["host"],
        "device_mb": manifest["peak_memory_mb"].get("device"),
        "resumed": len(manifest["resumed"]),
        "device": manifest["device"],
    }


def _curves(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    recipe, history = manifest["recipe"], manifest["history"]
    shared = {
        "tasks": " ".join(recipe["tasks"]),
        "method": recipe["method"],
        "dev_metric": manifest["dev_metric"],
        "n_dev": manifest["rows"]["dev"],
        "steps": history["steps"],
    }
    for entry in history["dev"]:
        yield shared | {"step": entry["step"], "quantity": DEV, "value": entry["score"]}
        for task, score in entry.get("tasks", {}).items():
            yield shared | {"step": entry["step"], "quantity": f"{DEV}:{task}", "value": score}
    for entry in history["loss"]:
        yield shared | {"step": entry["step"], "quantity": LOSS, "value": entry["loss"]}
    for entry in history["method"]:
        for name, value in entry.items():
            if name != "step":
                yield shared | {"step": entry["step"], "quantity": f"{METHOD}{name}", "value": value}


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    types = dict.fromkeys([name for name in (*RUN, "tasks", "method", "quantity") if name in columns], "str")
    types["seed"] = "int64"
    return read_table(path, "a table of training runs", types, columns, ("mfu", "device_mb"))
