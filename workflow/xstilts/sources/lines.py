"""Lines of a text file, exactly."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xstilts.errors import DataError

# How messages call the types of JSON values.
TYPE_NAMES = {str: "text", int: "a whole number", list: "a list", dict: "an object"}

# Why a file that has been downloaded may hold no gold: XTREME's script blanks the answers and labels of test files.
LABELS_REMOVED = "the labels were removed, as XTREME's download script does"
LABELS_MEND = "read the task from the hub (source: hub) or put the publisher's file there"

_SHOWN = 60


class Line(NamedTuple):
    """One line: its number (from 1), its text without the line end, and whether the line end was there."""

    number: int
    text: str
    ended: bool


def read_lines(path: Path, *, cut_characters: bool = False) -> Iterator[Line]:
    r"""Stream a UTF-8 file, one item per line feed.

    Only ``\n`` (or ``\r\n``) ends a line: U+0085, U+2028 and the like occur inside sentences of the benchmarks, and
    ``str.splitlines`` would break rows apart at them. A byte order mark is dropped.

    Args:
        path: the file.
        cut_characters: whether the publisher cut texts by bytes, so that half characters occur; they become U+FFFD.

    Raises:
        DataError: the file is missing, unreadable, empty or not UTF-8.
    """
    number = 0
    try:
        with path.open("rb") as handle:
            for number, raw in enumerate(handle, start=1):
                text = _decoded(raw, path, number, cut_characters).removesuffix("\n").removesuffix("\r")
                yield Line(number, text, raw.endswith(b"\n"))
    except OSError as error:
        raise unreadable(path, error) from None
    if number == 0:
        raise bad_row(path, 1, "the file is empty", "download it again")


def bad_row(path: Path, line: int, what: str, mend: str) -> DataError:
    """The error for a malformed row: ``path:line: what; how to mend``, on one line."""
    return DataError(f"{path}:{line}: {what}; {mend}")


def unreadable(path: Path, error: OSError) -> DataError:
    """The error for a file that cannot be opened."""
    if isinstance(error, FileNotFoundError):
        place = f"{path.parent.name}/{path.name}"
        return DataError(f"{path}: no such file; data_dir must hold {place}")
    return DataError(f"{path}: cannot be read ({error.strerror}); make it a readable file")


def shown(value: object) -> str:
    """A value as a message quotes it: on one line and not longer than it helps."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def check_label(path: Path, line: int, label: str, allowed: tuple[str, ...]) -> str:
    """Return ``label``.

    Raises:
        DataError: it is not one of ``allowed``; the message names them.
    """
    if label not in allowed:
        raise bad_row(path, line, f"unknown label {shown(label)}", f"allowed: {', '.join(allowed)}")
    return label


def _decoded(raw: bytes, path: Path, number: int, cut_characters: bool) -> str:
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8", "replace" if cut_characters else "strict")
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not UTF-8"
        raise bad_row(path, number, what, "convert the file to UTF-8") from None
