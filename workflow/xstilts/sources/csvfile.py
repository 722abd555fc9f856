"""Comma-separated files with a header, in which a cell may be quoted and hold line ends."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from xstilts.sources.jsonl import Record
from xstilts.sources.lines import bad_row, read_lines


def read_csv(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    """Yield the rows of a file, with the columns that are named; a record's line is the one on which it ends.

    Raises:
        DataError: the file lacks a column or has no rows, or a row has another number of cells than the header.
    """
    reader = csv.reader((f"{line.text}\n" for line in read_lines(path)), strict=True)
    try:
        header = next(reader)
        for column in columns:
            if column not in header:
                raise bad_row(path, 1, f"no column {column!r}", f"found: {', '.join(header)}")
        empty = True
        for cells in reader:
            if len(cells) != len(header):
                what = f"{len(cells)} cells instead of {len(header)}"
                raise bad_row(
                    path, reader.line_num, what, "correct the row, or download the file again if it is cut off"
                )
            row = dict(zip(header, cells, strict=True))
            yield Record(path, reader.line_num, {column: row[column] for column in columns})
            empty = False
    except csv.Error as error:
        raise bad_row(path, reader.line_num, str(error), "correct the row, or download the file again") from None
    if empty:
        raise bad_row(path, reader.line_num, "no row below the header", "download the file again")
