"""Reading the tables that a study's rules write."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def read_table(
    path: Path, what: str, types: Mapping[str, str], columns: Sequence[str], empty: Sequence[str]
) -> "pd.DataFrame":
    """Read a CSV table; text such as ``na`` or ``none`` is a language code or a recipe's name, never a missing value.

    Args:
        path: the file.
        what: what it should be, for messages.
        types: pandas' type of each column that has one.
        columns: those it must have.
        empty: those of numbers that may be missing.

    Raises:
        DataError: the file is missing, malformed or lacks a column.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=types, keep_default_na=False, na_values={name: [""] for name in empty})
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; run the rule that makes it first") from None
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not {what} ({reason}); delete it and run again") from None
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        raise DataError(f"{path}: no column {', '.join(lacking)}; delete it and run again")
    return table
