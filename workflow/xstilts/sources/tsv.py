"""Tab-separated files without header and without quoting: a ``"`` is part of the text."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from xstilts.sources.lines import Line, bad_row, read_lines


def read_tsv(path: Path, columns: Sequence[str], *, cut_characters: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield ``(line number, cells)`` for every line.

    Args:
        path: the file.
        columns: the columns' names, for the messages; their number is the number of cells each line must have.
        cut_characters: as in :func:`xstilts.sources.lines.read_lines`.

    Raises:
        DataError: a line has more or fewer cells, or a blank one.
    """
    for line in read_lines(path, cut_characters=cut_characters):
        cells = line.text.split("\t")
        if len(cells) != len(columns):
            raise _wrong_width(path, line, len(cells), columns)
        for name, cell in zip(columns, cells, strict=True):
            if not cell or cell.isspace():
                raise bad_row(path, line.number, f"column {name!r} is empty", "fill it or remove the line")
        yield line.number, cells


def _wrong_width(path: Path, line: Line, found: int, columns: Sequence[str]) -> Exception:
    what = f"{found} tab-separated columns instead of {len(columns)} ({', '.join(columns)})"
    if not line.ended:
        return bad_row(path, line.number, f"the last row is cut off: {what}", "download the file again")
    return bad_row(path, line.number, what, "correct the line")
