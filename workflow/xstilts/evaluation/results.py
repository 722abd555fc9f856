"""What scoring a checkpoint under one condition leaves: predictions (Parquet) and their metrics (JSON)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.artifacts import MANIFEST, atomic_file, read_json, sha256_file, write_json
from xstilts.errors import XstiltsError


def write_results(
    recipe: Mapping[str, Any],
    run: Mapping[str, Any],
    checkpoint: Path,
    data: Path,
    found: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    predictions: Path,
    scores: Path,
) -> None:
    """Write predictions (one row per example) and their metric rows with what they came from.

    Args:
        recipe: how they were made, under one condition.
        run: the words that name the run in the score table.
        checkpoint: what was scored.
        data: prepared test rows.
        found: the predictions.
        rows: the metric rows.
        predictions: Parquet file to write.
        scores: JSON file to write, last: it vouches for the other.
    """
    _write_parquet(found, predictions)
    origin = _origin(recipe, run, checkpoint, data)
    write_json(scores, {**origin, "metrics": list(rows), "predictions": sha256_file(predictions)})


def kept(
    recipe: Mapping[str, Any], run: Mapping[str, Any], checkpoint: Path, data: Path, predictions: Path, scores: Path
) -> bool:
    """Whether both files are there, whole, and made by this recipe of this run, checkpoint and data."""
    if not (scores.is_file() and predictions.is_file()):
        return False
    try:
        found = read_json(scores)
    except XstiltsError:
        return False
    origin = _origin(recipe, run, checkpoint, data)
    return bool({**found, **origin} == found and found.get("predictions") == sha256_file(predictions))


def _origin(recipe: Mapping[str, Any], run: Mapping[str, Any], checkpoint: Path, data: Path) -> dict[str, Any]:
    return {
        **run,
        "task": recipe["task"],
        "condition": recipe["condition"],
        "strength": recipe["strength"],
        "edit_rate": read_json(data / MANIFEST).get("edit_rate", {}),
        "inputs": {"checkpoint": sha256_file(checkpoint / MANIFEST), "data": sha256_file(data / MANIFEST)},
        "recipe": dict(recipe),
    }


def _write_parquet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    with atomic_file(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), temporary, compression="zstd")
