"""From the evaluations' JSON files to the score table."""

import csv
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from xstilts.artifacts import atomic_file, read_json
from xstilts.errors import DataError

# As in repository root/workflow/schemas, beside the package.
SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "scores.schema.json"

COLUMNS = (
    *("study", "encoder", "intermediate", "method", "target", "seed"),
    *("language", "condition", "strength", "metric", "value", "n"),
)
Score = dict[str, Any]


def collect(predictions: Path, runs: Sequence[Mapping[str, Any]], output_csv: Path, output_parquet: Path) -> None:
    """Gather the scores of all runs into one tidy table, sorted by its columns, as CSV and Parquet.

    The CSV has values with four decimals, the Parquet file all digits.

    Args:
        predictions: folder of ``{encoder}/{intermediate}/{target}/{seed}/{condition}.json``.
        runs: what the table must hold, each ``{"encoder", "intermediate", "target", "seeds": ["seed1", …],
            "conditions": ["clean", …]}``. Other files in the folder are not read.
        output_csv: written whole or not at all, like the next.
        output_parquet: the same rows.

    Raises:
        XstiltsError: a file is missing, malformed or belongs to another run or study; a score breaks the schema; two
            scores share everything but their value.
    """
    scores = [score for run in runs for file in _files(predictions, run) for score in _read(file)]
    scores.sort(key=_key)
    for before, after in pairwise(scores):
        if _key(before) == _key(after):
            raise DataError(f"{predictions}: two scores for {_describe(after)}; a run or language is listed twice")
        if before["study"] != after["study"]:
            raise DataError(
                f"{predictions}: scores of studies {before['study']!r} and {after['study']!r}; keep them apart"
            )
    with atomic_file(output_csv) as table, atomic_file(output_parquet) as columns:
        _write_csv(scores, table)
        _write_parquet(scores, columns)


def _files(predictions: Path, run: Mapping[str, Any]) -> Iterator[Path]:
    folder = predictions / run["encoder"] / run["intermediate"] / run["target"]
    for seed in run["seeds"]:
        for condition in run["conditions"]:
            yield folder / seed / f"{condition}.json"


def _read(path: Path) -> list[Score]:
    """The scores of one evaluation, checked against its path and the schema."""
    found = read_json(path)
    named = _named_by(path)
    try:
        for key, value in named.items():
            if found[key] != value:
                raise DataError(f"{path}: {key} is {found[key]!r}, not {value!r} as its path says; evaluate it again")
        shared = {key: found[key] for key in COLUMNS if key in found}
        scores = [shared | {key: row[key] for key in ("language", "metric", "value", "n")} for row in found["metrics"]]
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: not an evaluation's scores ({error!r}); delete it and run again") from None
    if not scores:
        raise DataError(f"{path}: holds no scores; delete it and run again")
    for score in scores:
        problem = next(_validator().iter_errors(score), None)
        if problem is not None:
            where = "/".join(map(str, problem.absolute_path))
            raise DataError(f"{path}: score {_describe(score)}: {where}: {problem.message}; evaluate it again")
        if not math.isfinite(score["value"]):  # NaN passes every bound of a JSON Schema
            raise DataError(f"{path}: score {_describe(score)}: value is {score['value']}; evaluate it again")
    return scores


def _named_by(path: Path) -> dict[str, Any]:
    *_, encoder, intermediate, target, seed, _ = path.parts
    number = int(seed.removeprefix("seed")) if seed.startswith("seed") else None
    run = {"encoder": encoder, "intermediate": intermediate, "target": target, "seed": number}
    return run | {"condition": path.stem}


def _key(score: Score) -> tuple[Any, ...]:
    """All columns but value and n; the pretrained encoder's null seed comes first."""
    return tuple(
        -1 if value is None else value
        for value in (score[column] for column in COLUMNS if column not in ("value", "n"))
    )


def _describe(score: Score) -> str:
    return " ".join(f"{score.get(column)}" for column in COLUMNS if column not in ("value", "n"))


def _write_csv(scores: Sequence[Score], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        for score in scores:
            row = score | {"strength": f"{score['strength']:g}", "value": f"{score['value']:.4f}"}
            writer.writerow(row[column] for column in COLUMNS)


def _write_parquet(scores: Sequence[Score], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    types = dict.fromkeys(COLUMNS, pyarrow.string())
    types |= {"seed": pyarrow.int64(), "n": pyarrow.int64(), "strength": pyarrow.float64(), "value": pyarrow.float64()}
    fields = [pyarrow.field(column, types[column], nullable=column == "seed") for column in COLUMNS]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(scores), pyarrow.schema(fields)), path)


@functools.cache
def _validator() -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(read_json(SCHEMA))
