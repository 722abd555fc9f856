"""Checkpoints shared between studies and between people: what one has trained, another takes.

A checkpoint is found by what it is made of: the recipe, the bytes of the parent and the bytes of the data, not by its
study or path. The folder is named by ``XSTILTS_CACHE_DIR``; without it nothing is shared. Who may only read takes, and
leaves nothing.
"""

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.artifacts import MANIFEST, atomic_directory, digest, read_manifest, verify
from xstilts.errors import CheckpointError, ConfigError, XstiltsError

FOLDER, QUOTA = "XSTILTS_CACHE_DIR", "XSTILTS_CACHE_GB"
# Written for people and different in every study: no part of what a checkpoint is.
_WORDS = {"README.md", "cartography.parquet"}
_BLOCK = 2**24


def checkpoint_key(recipe: Mapping[str, Any], parent: Path, data: Sequence[Path]) -> str:
    """Digest of what a checkpoint is made of.

    Args:
        recipe: the resolved training recipe.
        parent: the checkpoint it starts from.
        data: prepared data, in the recipe's order.

    Raises:
        XstiltsError: a manifest is missing.
    """
    return digest({"recipe": dict(recipe), "parent": _bytes_of(parent), "data": [_bytes_of(path) for path in data]})


@dataclass(frozen=True)
class Entry:
    """A shared checkpoint: its key, its folder, its size, and when it was last left or taken (Unix time)."""

    key: str
    folder: Path
    bytes: int
    used: float


class Cache:
    """A folder of shared checkpoints.

    Args:
        root: the folder; it is made when something is first left in it.
        limit: bytes that it may hold; what was not taken for longest goes first. None: no limit.
    """

    def __init__(self, root: Path, limit: int | None = None) -> None:
        self.root, self.limit = root, limit

    @classmethod
    def of_environment(cls) -> "Cache | None":
        """The cache that the environment names, if any.

        Raises:
            ConfigError: its quota is not a number.
        """
        root, gigabytes = os.environ.get(FOLDER), os.environ.get(QUOTA)
        if not root:
            return None
        try:
            return cls(Path(root), None if not gigabytes else round(float(gigabytes) * 1e9))
        except ValueError:
            raise ConfigError(f"{QUOTA}: found {gigabytes!r}; allowed: a number of gigabytes") from None

    @contextlib.contextmanager
    def turn(self, key: str, label: str) -> Iterator[None]:
        """Hold a key, so that one job makes what several want; who may not write here does not wait either."""
        path = self._lock_file(key)
        with contextlib.ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                handle = stack.enter_context(path.open("a+"))
            except OSError:
                yield
                return
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"[{label}] another job makes this checkpoint for {self.root}; waiting for it", file=sys.stderr)
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def take(self, key: str, output: Path, label: str) -> bool:
        """Copy a shared checkpoint to ``output``; whether there was a whole one.

        One that is damaged, is removed meanwhile or may not be read is passed over.

        Raises:
            XstiltsError, OSError: ``output`` cannot be written.
        """
        folder = self._folder(key)
        try:
            with _reading(folder):
                if not (folder / MANIFEST).is_file():
                    return False
            with atomic_directory(output) as temporary:
                _copy(folder, temporary)
                verify(temporary)
        except CheckpointError as error:
            print(f"[{label}] the shared checkpoint {folder} is not used: {error}", file=sys.stderr)
            return False
        with contextlib.suppress(OSError):
            os.utime(folder)
        print(f"[{label}] taken from {folder}", file=sys.stderr)
        return True

    def leave(self, key: str, checkpoint: Path, label: str) -> None:
        """Share a finished checkpoint, and make room if there is a quota; a full or foreign cache is no error."""
        folder = self._folder(key)
        try:
            with atomic_directory(folder) as temporary:
                shutil.copytree(checkpoint, temporary, dirs_exist_ok=True, copy_function=shutil.copyfile)
        except (OSError, shutil.Error, XstiltsError) as error:
            print(f"[{label}] not shared: {' '.join(str(error).split())}", file=sys.stderr)
            return
        if self.limit is not None:
            self.collect(self.limit, keep=key)

    def entries(self) -> list[Entry]:
        """Every shared checkpoint, the one that was used longest ago first."""
        found = []
        for manifest in self.root.glob(f"checkpoints/*/*/{MANIFEST}"):
            if manifest.parent.name.startswith("."):
                continue
            with contextlib.suppress(FileNotFoundError):
                size = sum(file.stat().st_size for file in manifest.parent.rglob("*") if file.is_file())
                found.append(Entry(manifest.parent.name, manifest.parent, size, manifest.parent.stat().st_mtime))
        return sorted(found, key=lambda entry: (entry.used, entry.key))

    def collect(self, limit: int, keep: str | None = None) -> list[Entry]:
        """Remove what was used longest ago until at most ``limit`` bytes are left.

        A checkpoint that a job holds stays. One that is being copied may go: the copy then finds it incomplete, and its
        job trains.

        Returns:
            What was removed.
        """
        entries = self.entries()
        total = sum(entry.bytes for entry in entries)
        removed = []
        for entry in entries:
            if total <= limit:
                break
            if entry.key == keep or not self._remove(entry):
                continue
            total -= entry.bytes
            removed.append(entry)
        return removed

    def _remove(self, entry: Entry) -> bool:
        lock = self._lock_file(entry.key)
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            with lock.open("a+") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Out of sight first: nobody finds half of it.
                doomed = Path(tempfile.mkdtemp(prefix=".removed.", dir=entry.folder.parent))
                entry.folder.rename(doomed / entry.key)
                shutil.rmtree(doomed)
        except OSError:
            return False
        return True

    def _folder(self, key: str) -> Path:
        return self.root / "checkpoints" / key[:2] / key

    def _lock_file(self, key: str) -> Path:
        return self.root / "locks" / f"{key}.lock"


def _bytes_of(folder: Path) -> dict[str, str]:
    """Checksums of what a folder holds, as its manifest names them."""
    files = read_manifest(folder, "files")["files"]
    return {name: file["sha256"] for name, file in files.items() if name not in _WORDS}


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Tell what is wrong with a shared file from what is wrong with the place it is copied to."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None


def _copy(folder: Path, output: Path) -> None:
    with _reading(folder):
        sources = [path for path in folder.rglob("*") if path.is_file()]
    for source in sources:
        target = output / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _reading(source):
            handle = source.open("rb")
        with handle, target.open("wb") as copy:
            while True:
                with _reading(source):
                    block = handle.read(_BLOCK)
                if not block:
                    break
                copy.write(block)
