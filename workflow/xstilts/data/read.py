"""Reading prepared data.

Jobs read with pyarrow alone: importing ``datasets`` costs two seconds, and there is one job per checkpoint and
condition. The files are what ``datasets.Dataset.from_file`` memory-maps, for interactive work.
"""

from pathlib import Path
from typing import Any

from xstilts.artifacts import read_manifest
from xstilts.errors import DataError
from xstilts.tasks import Row


def load_rows(directory: Path, split: str, language: str) -> list[Row]:
    """The rows of a split in a language, in file order.

    Raises:
        DataError: the split was not prepared in that language, or its file is damaged.
    """
    import pyarrow as pa

    path = _path(directory, split, language)
    try:
        with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
            rows: list[Row] = reader.read_all().to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: damaged ({reason}); delete {directory} and prepare again") from None
    return rows


def load_dataset(directory: Path, split: str, language: str) -> Any:
    """The same rows as a memory-mapped ``datasets.Dataset``.

    Raises:
        DataError: the split was not prepared in that language.
    """
    import datasets

    return datasets.Dataset.from_file(str(_path(directory, split, language)))


def labels(directory: Path) -> tuple[str, ...]:
    """The labels of prepared data, in the order of a classifier's outputs."""
    return tuple(read_manifest(directory, "labels")["labels"])


def languages(directory: Path, split: str) -> list[str]:
    """The languages in which a split was prepared, in alphabetical order."""
    names: dict[str, Any] = read_manifest(directory, "splits")["splits"]
    return sorted(name.removeprefix(f"{split}-") for name in names if name.startswith(f"{split}-"))


def _path(directory: Path, split: str, language: str) -> Path:
    path = directory / f"{split}-{language}.arrow"
    if not path.is_file():
        found = ", ".join(sorted(file.stem for file in directory.glob("*.arrow"))) or "nothing"
        raise DataError(f"{path}: no such table; prepared there: {found}")
    return path
