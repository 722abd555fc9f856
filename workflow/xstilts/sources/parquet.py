"""Parquet files of the hub, row by row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.errors import DataError
from xstilts.sources.jsonl import Record
from xstilts.sources.lines import unreadable

_BATCH = 2000


def read_parquet(
    path: Path, columns: Sequence[str], labels: Mapping[str, tuple[str, ...]] | None = None
) -> Iterator[Record]:
    """Yield the rows of a file; the "line" of a record is its row number, from 1.

    Args:
        path: the file.
        columns: what to read.
        labels: names of class labels by column, for files that store their numbers. What the file itself says in the
            hub's metadata goes before it. The columns then hold names (or lists of them), ``""`` for -1, the hub's
            mark of a row without a label.

    Raises:
        DataError: the file is missing, is not Parquet, lacks a column, or holds a label number without a name.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            found = file.schema_arrow.names
            for column in columns:
                if column not in found:
                    raise DataError(f"{path}: no column {column!r}; found: {', '.join(found)}")
            names = {column: _names(file.schema_arrow, column) or given for column, given in (labels or {}).items()}
            number = 0
            for batch in file.iter_batches(_BATCH, columns=list(columns)):
                for value in batch.to_pylist():
                    number += 1
                    for column, words in names.items():
                        value[column] = _word(path, number, value[column], column, words)
                    yield Record(path, number, value)
            if number == 0:
                raise DataError(f"{path}: no rows in the file; download it again")
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: not a Parquet file ({str(error).splitlines()[0]}); download it again") from None
    except OSError as error:
        if error.errno is None:
            raise DataError(f"{path}: damaged ({str(error).splitlines()[0]}); download it again") from None
        raise unreadable(path, error) from None


def _names(schema: Any, column: str) -> tuple[str, ...] | None:
    """The names of a column's class labels in the metadata that the hub's library writes."""
    raw = (schema.metadata or {}).get(b"huggingface")
    if raw is None:
        return None
    feature = json.loads(raw).get("info", {}).get("features", {}).get(column, {})
    feature = feature.get("feature", feature) if isinstance(feature, dict) else {}
    names = feature.get("names") if isinstance(feature, dict) else None
    return tuple(names) if names else None


def _word(path: Path, row: int, value: Any, column: str, names: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_word(path, row, one, column, names) for one in value]
    if isinstance(value, str):
        return value
    if value == -1:
        return ""
    if not isinstance(value, int) or not 0 <= value < len(names):
        raise DataError(f"{path}:{row}: unknown label {value!r} in {column!r}; allowed: 0 to {len(names) - 1}")
    return names[value]
