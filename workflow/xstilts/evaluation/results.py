"""What scoring a checkpoint under one condition leaves: predictions (Parquet) and their metrics (JSON).

And what vouches for all files of a job that looks at the checkpoints of an arm one after the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.artifacts import (
    MANIFEST,
    atomic_file,
    digest,
    read_json,
    read_manifest,
    sha256_file,
    table_of,
    write_json,
)
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
    if not predictions.is_file():
        return False
    expected = _origin(recipe, run, checkpoint, data) | {"predictions": sha256_file(predictions)}
    return says(scores, expected)


def says(path: Path, expected: Mapping[str, Any]) -> bool:
    """Whether a JSON object is there and holds what is expected of it, whatever else it holds."""
    if not path.is_file():
        return False
    try:
        found = read_json(path)
    except XstiltsError:
        return False
    return isinstance(found, dict) and {**found, **expected} == found


def vouch(
    folder: Path, recipe: Mapping[str, Any], arm: Mapping[str, Any], files: Iterable[Path], *, scored: int
) -> None:
    """Write the manifest of an arm's files, when all are there.

    Args:
        folder: where the files lie.
        recipe: how they were made.
        arm: the words that name the arm.
        files: all of them, those that were kept too.
        scored: what the job's time was spent on: runs, or runs under a condition; kept files cost none.
    """
    made = {"recipe_digest": digest(recipe), "recipe": dict(recipe), "files": table_of(files, folder)}
    write_json(folder / MANIFEST, {**arm, **made, "scored": scored})


def _origin(recipe: Mapping[str, Any], run: Mapping[str, Any], checkpoint: Path, data: Path) -> dict[str, Any]:
    return {
        **run,
        "task": recipe["task"],
        "condition": recipe["condition"],
        "strength": recipe["strength"],
        "edit_rate": read_manifest(data).get("edit_rate", {}),
        "inputs": {"checkpoint": sha256_file(checkpoint / MANIFEST), "data": sha256_file(data / MANIFEST)},
        "recipe": dict(recipe),
    }


def _write_parquet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    with atomic_file(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), temporary, compression="zstd")
