"""Tidy tables: one number per row, checked against a JSON Schema, sorted, as CSV and Parquet."""

import csv
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from xstilts.artifacts import atomic_file, made_again, read_json
from xstilts.errors import DataError

# As in repository root/workflow/schemas, beside the package.
_SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"

NUMBERS = ("value", "n")
_TYPES = {"seed": "int64", "layer": "int64", "n": "int64", "strength": "float64", "value": "float64"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Tidy:
    """A kind of table.

    Attributes:
        row: what a row is called in messages.
        job: what makes its rows.
        remake: what mends a bad row, in messages.
        schema: name of the JSON Schema of its rows.
        columns: in their order; all but :data:`NUMBERS` tell rows apart.
        digits: format of a value in the CSV; the Parquet file has all digits.
    """

    row: str
    job: str
    remake: str
    schema: Path
    columns: tuple[str, ...]
    digits: str

    @classmethod
    def of(cls, schema: str, row: str, job: str, remake: str, digits: str) -> "Tidy":
        """The table whose columns are those that a schema of ``workflow/schemas`` requires."""
        path = _SCHEMAS / f"{schema}.schema.json"
        return cls(row, job, remake, path, tuple(read_json(path)["required"]), digits)

    def read(self, path: Path, named: Row, key: str) -> list[Row]:
        """The rows of one job, checked against what its path says and the schema.

        Args:
            path: a JSON file: what its rows share, and a list of the rest.
            named: what must be in it, because the path says so.
            key: of the list.

        Raises:
            DataError: it is malformed, holds no rows, belongs to another run, or a row breaks the schema.
        """
        found = read_json(path)
        try:
            for name, value in named.items():
                if found[name] != value:
                    raise DataError(
                        f"{path}: {name} is {found[name]!r}, not {value!r} as its path says; {self.remake} again"
                    )
            shared = {column: found[column] for column in self.columns if column in found}
            rows = [shared | {c: row[c] for c in self.columns if c not in shared} for row in found[key]]
        except (KeyError, TypeError) as error:
            raise DataError(f"{path}: not {self.job}'s {self.row}s ({error!r}); {made_again(path)}") from None
        if not rows:
            raise DataError(f"{path}: holds no {self.row}s; {made_again(path)}")
        for row in rows:
            self._check(row, path)
        return rows

    def write(
        self, rows: list[Row], where: Path, output_csv: Path, output_parquet: Path, made_of: str | None = None
    ) -> None:
        """Sort the rows and write both files, whole or not at all.

        Args:
            rows: checked ones.
            where: what messages name.
            output_csv: the table with rounded values.
            output_parquet: the same with all digits.
            made_of: kept as ``made_of`` in the metadata of the Parquet file, which then changes with it.

        Raises:
            DataError: two rows share everything but their numbers, or are of different studies.
        """
        rows.sort(key=self._key)
        for before, after in pairwise(rows):
            if self._key(before) == self._key(after):
                raise DataError(
                    f"{where}: two {self.row}s for {self._describe(after)}; a run or language is listed twice"
                )
            if before["study"] != after["study"]:
                raise DataError(
                    f"{where}: {self.row}s of studies {before['study']!r} and {after['study']!r}; keep them apart"
                )
        with atomic_file(output_csv) as table, atomic_file(output_parquet) as columns:
            self._write_csv(rows, table)
            self._write_parquet(rows, columns, {} if made_of is None else {"made_of": made_of})

    def _check(self, row: Row, path: Path) -> None:
        problem = next(_validator(self.schema).iter_errors(row), None)
        if problem is not None:
            where = "/".join(map(str, problem.absolute_path))
            raise DataError(
                f"{path}: {self.row} {self._describe(row)}: {where}: {problem.message}; {self.remake} again"
            )
        if not math.isfinite(row["value"]):  # NaN passes every bound of a JSON Schema
            raise DataError(f"{path}: {self.row} {self._describe(row)}: value is {row['value']}; {self.remake} again")

    def _key(self, row: Row) -> tuple[Any, ...]:
        """What tells rows apart; null comes first."""
        return tuple((row[column] is not None, row[column]) for column in self.columns if column not in NUMBERS)

    def _describe(self, row: Row) -> str:
        return " ".join(f"{row.get(column)}" for column in self.columns if column not in NUMBERS)

    def _write_csv(self, rows: Sequence[Row], path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(self.columns)
            for row in rows:
                shown = row | {"value": format(row["value"], self.digits)}
                if "strength" in shown:
                    shown["strength"] = f"{shown['strength']:g}"
                writer.writerow(shown[column] for column in self.columns)

    def _write_parquet(self, rows: Sequence[Row], path: Path, metadata: dict[str, str]) -> None:
        import pyarrow
        import pyarrow.parquet

        kinds = read_json(self.schema)["properties"]
        fields = [
            pyarrow.field(column, getattr(pyarrow, _TYPES.get(column, "string"))(), "null" in kinds[column]["type"])
            for column in self.columns
        ]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, pyarrow.schema(fields, metadata)), path)


@functools.cache
def _validator(schema: Path) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(read_json(schema))
