"""Files with one JSON object per line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from xstilts.sources.lines import TYPE_NAMES, bad_row, read_lines, shown


class Record(NamedTuple):
    """A JSON object and where it stands; ``part`` is set when it is nested in the line's object."""

    path: Path
    line: int
    value: dict[str, Any]
    part: str = ""

    def get(self, key: str, kind: type) -> Any:
        """The value of ``key``.

        Raises:
            DataError: it is missing or not of type ``kind``.
        """
        name = f"{self.part}{key}"
        if key not in self.value:
            raise bad_row(self.path, self.line, f"no key {name!r}", f"found: {', '.join(self.value)}")
        found = self.value[key]
        if not isinstance(found, kind) or isinstance(found, bool):
            raise bad_row(self.path, self.line, f"{name!r} is {shown(found)}", f"it must be {TYPE_NAMES[kind]}")
        return found

    def nested(self, key: str) -> "Record":
        """The object at ``key``."""
        return Record(self.path, self.line, self.get(key, dict), f"{self.part}{key}.")

    def texts(self, key: str, length: int) -> list[str]:
        """The list of ``length`` texts at ``key``."""
        found: list[str] = self.get(key, list)
        if len(found) != length or not all(isinstance(text, str) for text in found):
            what = f"{self.part + key!r} is {shown(found)}"
            raise bad_row(self.path, self.line, what, f"it must be a list of {length} texts")
        return found


def read_jsonl(path: Path) -> Iterator[Record]:
    """Yield the records of a file.

    Raises:
        DataError: a line is not a JSON object.
    """
    for line in read_lines(path):
        try:
            value = json.loads(line.text)
        except json.JSONDecodeError as error:
            what = f"not JSON ({error.msg} at column {error.colno})"
            mend = "correct the line" if line.ended else "the file is cut off: download it again"
            raise bad_row(path, line.number, what, mend) from None
        if not isinstance(value, dict):
            raise bad_row(path, line.number, f"{shown(value)} is not a JSON object", "correct the line")
        yield Record(path, line.number, value)
