"""The alignment table: gathered from the jobs' JSON files, and read again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import DataError
from xstilts.evaluation.tidy import NUMBERS, Tidy
from xstilts.seeds import seed_number
from xstilts.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

ALIGNMENT = Tidy.of("alignment", row="measure", job="an alignment job", remake="measure it", digits=".6g")


def collect_alignment(folder: Path, runs: Sequence[Mapping[str, Any]], output_csv: Path, output_parquet: Path) -> None:
    """Gather the measures of all checkpoints into one tidy table, sorted by its columns, as CSV and Parquet.

    The CSV has values with six significant digits, the Parquet file all.

    Args:
        folder: of ``{encoder}/{arm}/{seed}.json``.
        runs: what the table must hold (:func:`xstilts.study.alignment.alignment_runs`). Other files are not read.
        output_csv: written whole or not at all, like the next.
        output_parquet: the same rows.

    Raises:
        XstiltsError: a file is missing, malformed, belongs to another checkpoint or study, or was measured under other
            conditions; a row breaks the schema; two rows share everything but their value.
    """
    rows = []
    for run in runs:
        for seed in run["seeds"]:
            path = folder / run["encoder"] / run["arm"] / f"{seed}.json"
            found = ALIGNMENT.read(path, _named_by(run, seed), "measures")
            measured = {row["condition"] for row in found}
            if measured != set(run["conditions"]):
                raise DataError(
                    f"{path}: measured under {', '.join(sorted(measured))}, not {', '.join(run['conditions'])};"
                    " delete it and run again"
                )
            rows += found
    ALIGNMENT.write(rows, folder, output_csv, output_parquet)


def read_alignment(path: Path) -> "pd.DataFrame":
    """Read ``alignment.csv``; an empty seed is the pretrained encoder itself, an empty target none.

    Raises:
        DataError: the file is missing, malformed, lacks a column, or gives one number twice.
    """
    types = dict.fromkeys(ALIGNMENT.columns, "str") | {"seed": "Int64", "layer": "int64", "n": "int64"}
    types |= {"strength": "float64", "value": "float64"}
    table = read_table(path, "an alignment table", types, ALIGNMENT.columns, ("seed", "value"))
    if table.duplicated([name for name in ALIGNMENT.columns if name not in NUMBERS]).any():
        raise DataError(f"{path}: a measure is given twice; collect the measures again")
    return table


def _named_by(run: Mapping[str, Any], seed: str) -> dict[str, Any]:
    intermediate, _, target = run["arm"].partition("/")
    named = {"encoder": run["encoder"], "intermediate": intermediate, "target": target or None}
    return named | {"seed": seed_number(seed)}
