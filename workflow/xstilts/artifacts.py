"""Files and directories that are whole or absent, and the manifests that vouch for them.

A manifest is the token the workflow hangs on: it names the recipe, the inputs and the sha256 of every file beside it.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from xstilts.errors import CheckpointError, XstiltsError

MANIFEST = "manifest.json"


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_json(path: Path) -> Any:
    """Parse a JSON file.

    Raises:
        XstiltsError: the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise XstiltsError(f"{path}: no such file; {made_again(path)}") from None
    except json.JSONDecodeError as error:
        raise XstiltsError(f"{path}: not valid JSON ({error}); {made_again(path)}") from None


def read_manifest(folder: Path, *keys: str) -> dict[str, Any]:
    """Parse a folder's manifest, which must be a JSON object that has these keys.

    Raises:
        XstiltsError: it is missing, is not JSON, or is no such object: damaged, or written by another version.
    """
    path = folder / MANIFEST
    found = read_json(path)
    if not isinstance(found, dict):
        raise unlike(path, f"a JSON {'array' if isinstance(found, list) else 'value'}, not an object")
    for key in keys:
        if key not in found:
            raise unlike(path, f"no key {key!r}")
    return found


def unlike(path: Path, what: str) -> XstiltsError:
    """The error of a manifest that is not as this version writes them; it needs no trace of what failed on it."""
    return XstiltsError(f"{path}: {what}: damaged, or written by another version; {made_again(path)}")


def made_again(path: Path) -> str:
    """How to have a file made again that is gone or damaged, in words for a message.

    Snakemake looks for the manifest where one vouches for the file, else for the file itself.
    """
    for folder in path.parents[:2]:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
            if str(path.relative_to(folder)) in known:
                return f"delete {folder / MANIFEST} and run again"
    return "delete it and run again" if path.exists() else "run the rule that makes it first"


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling that replaces ``path`` when the block ends well, and is removed when it does not."""
    with contextlib.ExitStack() as stack:
        with _friendly_oserror(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        stack.callback(temporary.unlink, missing_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)


@contextlib.contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling directory that becomes ``path`` when the block ends well.

    A directory already at ``path`` is replaced: between its removal and the rename nothing is there, so a kill at any
    moment leaves the old directory, none, or the new one; never a mixture.
    """
    with _friendly_oserror(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        _open_to_readers(temporary)
        if path.exists():
            doomed = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
            path.rename(doomed / "old")
            temporary.rename(path)
            shutil.rmtree(doomed)
        else:
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write indented, key-sorted JSON atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def file_table(directory: Path) -> dict[str, dict[str, Any]]:
    """``{relative name: {"bytes", "sha256"}}`` for every file below a directory except its manifest."""
    found = (file for file in directory.rglob("*") if file.is_file() and file != directory / MANIFEST)
    return table_of(found, directory)


def table_of(files: Iterable[Path], directory: Path) -> dict[str, dict[str, Any]]:
    """What :func:`file_table` says, of some files below a directory."""
    return {
        str(file.relative_to(directory)): {"bytes": file.stat().st_size, "sha256": sha256_file(file)}
        for file in sorted(files)
    }


def verify(directory: Path) -> dict[str, Any]:
    """Read a directory's manifest and check the bytes of every file it names.

    Returns:
        The manifest.

    Raises:
        CheckpointError: the manifest is missing or damaged, a file is missing, or its bytes differ from the manifest's
            sha256.
    """
    if not (directory / MANIFEST).is_file():
        raise CheckpointError(f"{directory}: no {MANIFEST}, so the artifact is not whole; delete it and run again")
    try:
        manifest = read_manifest(directory)
        files = {name: file["sha256"] for name, file in manifest.get("files", {}).items()}
    except XstiltsError as error:
        raise CheckpointError(str(error)) from None
    except (AttributeError, KeyError, TypeError):
        raise CheckpointError(str(unlike(directory / MANIFEST, "no table of files"))) from None
    for name, expected in files.items():
        file = directory / name
        if not file.is_file():
            raise CheckpointError(f"{file}: missing, though {MANIFEST} names it; delete {directory} and run again")
        if sha256_file(file) != expected:
            raise CheckpointError(f"{file}: corrupt, sha256 differs from {MANIFEST}; delete {directory} and run again")
    return manifest


def hold_lock(path: Path) -> IO[str]:
    """Lock a file until the process ends, however it ends: a killed process leaves no stale lock behind.

    Returns:
        The open file; the lock lives as long as it does.

    Raises:
        XstiltsError: another process holds it, or the file cannot be made.
    """
    with _friendly_oserror(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise XstiltsError(f"{path}: another run of this study is going on here; wait for it or stop it") from None
    return handle


@contextlib.contextmanager
def _friendly_oserror(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise XstiltsError(f"{path}: cannot write here ({error.strerror}); choose another results folder") from None


def _open_to_readers(directory: Path) -> None:
    """Give a temporary directory the permissions that the user's umask says; some writers make files private."""
    for path in (directory, *directory.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~_umask())


def _umask() -> int:
    value = os.umask(0)
    os.umask(value)
    return value
