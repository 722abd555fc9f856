"""Downloads: the only part of the data stages that reaches the network.

Every file is checked and then renamed into place, so what lies in the folder of raw data is whole.
"""

import fnmatch
import re
import shutil
import tarfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from xstilts.artifacts import atomic_file, sha256_file
from xstilts.errors import DataError
from xstilts.sources.places import Download, Hub

ATTEMPTS = 4
# A name like train-00000.parquet means the first of however many parts there are.
_FIRST_PART = re.compile(r"(-00000)\.parquet$")
# Seconds before the second attempt; doubled before each further one.
PATIENCE = 1.0
_TIMEOUT = 60
_TRIED_AGAIN = (408, 416, 429)


def from_hub(hub: Hub, names: Sequence[str], folder: Path, allow_unpinned: bool = False) -> str:
    """Put files of a data set repository below ``folder``, by the paths they have there.

    Returns:
        The commit they are from.

    Raises:
        DataError: the repository is not pinned and need be, or the hub cannot be reached or lacks a file.
    """
    from huggingface_hub import HfApi, hf_hub_download

    if hub.revision is None and not allow_unpinned:
        raise DataError(
            f"{hub.id}: no revision is pinned, so its bytes may change; set allow_unpinned to accept that, or read the"
            " task from data_dir"
        )
    what = hub.id
    try:
        revision: str = hub.revision or str(HfApi().dataset_info(hub.id).sha)
        for name in names:
            what = f"{hub.id} at {revision[:12]}, {name}"
            path = _FIRST_PART.sub(r"\1-of-*.parquet", name)
            if path != name:
                listed = HfApi().list_repo_files(hub.id, revision=revision, repo_type="dataset")
                path = next(iter(fnmatch.filter(listed, path)), name)
            fetched = Path(hf_hub_download(hub.id, path, repo_type="dataset", revision=revision, local_dir=folder))
            if path != name:
                fetched.replace(folder / name)
    except Exception as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise DataError(
            f"{what}: cannot be fetched ({first}); check network, disk space and revision, then run again"
        ) from None
    return revision


def from_web(source: Download, target: Path, archives: Path) -> None:
    """Put a file of the web at ``target``; its archive, if it is in one, is kept in ``archives`` for the next file.

    Raises:
        DataError: it cannot be reached, its bytes are not the recorded ones, or the archive is not safe.
    """
    if not source.member:
        download(source, target)
        return
    archive = archives / source.sha256
    if not archive.is_file():
        download(source, archive)
    extract(archive, source.member, target, source.url)


def download(source: Download, target: Path) -> None:
    """Download a file, taking up where a broken connection or a killed run left off.

    Raises:
        DataError: it cannot be reached, the disk is full, or its bytes are not the recorded ones.
    """
    from requests import RequestException

    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    problem = ""
    for attempt in range(ATTEMPTS):
        time.sleep(PATIENCE * 2 ** (attempt - 1) if attempt else 0)
        try:
            _append(source, part)
        except RequestException as error:
            problem = f"cannot be fetched ({' '.join(str(error).split())[:200]}); check the network and run again"
            status = getattr(error.response, "status_code", None)
            if status is None or status >= 500 or status in _TRIED_AGAIN:
                continue
            raise DataError(f"{source.url}: {problem}") from None
        except OSError as error:
            part.unlink(missing_ok=True)
            raise DataError(f"{target}: cannot be written ({error.strerror}); free space and run again") from None
        found = sha256_file(part)
        if found == source.sha256:
            part.replace(target)
            return
        part.unlink()
        problem = (
            f"sha256 is {found[:12]}… and not {source.sha256[:12]}…; the file at the address has changed: "
            "get the recorded one and use data_dir"
        )
    raise DataError(f"{source.url}: {problem}")


def extract(archive: Path, member: str, target: Path, origin: str) -> None:
    """Copy one file of a zip or tar archive to ``target``.

    Raises:
        DataError: it is no such archive, lacks the file, or any of its names leads out of a folder.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                _copy(zipped.namelist(), member, target, origin, zipped.open)
        else:
            with tarfile.open(archive) as tarred:
                _copy(tarred.getnames(), member, target, origin, lambda name: _regular(tarred, name, origin))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{origin}: not a readable archive ({error}); delete {archive} and run again") from None


def _append(source: Download, part: Path) -> None:
    """Download what is missing of a partial file. A server that sends all of it again is found out by the checksum."""
    from pooch import HTTPDownloader

    have = part.stat().st_size if part.exists() else 0
    if have >= source.size:
        return
    free = shutil.disk_usage(part.parent).free
    if free < source.size - have:
        needed = f"{(source.size - have) / 2**20:.0f} MB of it are needed and {free / 2**20:.0f} MB are free"
        raise DataError(f"{part.parent}: not enough disk space for {source.url}; {needed}")
    fetch = HTTPDownloader(headers={"Range": f"bytes={have}-"} if have else {}, timeout=_TIMEOUT)
    with part.open("ab") as handle:
        fetch(source.url, handle, None)


def _copy(names: Sequence[str], member: str, target: Path, origin: str, opened: Callable[[str], IO[bytes]]) -> None:
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise DataError(f"{origin}: the archive names {name!r}, which leads out of its folder; it is not unpacked")
    if member not in names:
        raise DataError(f"{origin}: the archive has no {member}; it is not the one that its name says")
    with opened(member) as raw, atomic_file(target) as temporary, temporary.open("wb") as written:
        shutil.copyfileobj(raw, written)


def _regular(tarred: tarfile.TarFile, name: str, origin: str) -> IO[bytes]:
    found = tarred.extractfile(name) if tarred.getmember(name).isfile() else None
    if found is None:
        raise DataError(f"{origin}: {name} is not a plain file in the archive; it is not unpacked")
    return found
