"""Where raw data come from when they are not in the user's folder: declarations, nothing here reaches the network."""

import re
from dataclasses import dataclass

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Hub:
    """A data set repository on the hub: data files only, never a loading script.

    Attributes:
        id: ``organisation/name``.
        revision: commit, so that the bytes never change; None where no source vouches for one, and then fetching is
            refused unless the user allows it.
    """

    id: str
    revision: str | None

    def __post_init__(self) -> None:
        if self.revision is not None and not _COMMIT.fullmatch(self.revision):
            raise ValueError(f"{self.id}: revision {self.revision!r} is not a 40-digit commit")

    @property
    def folder(self) -> str:
        """Where its files lie below the folder of raw data."""
        return f"hub/{self.id.replace('/', '--')}/{self.revision or 'main'}"


@dataclass(frozen=True)
class Download:
    """One file on the web, by address and content.

    Attributes:
        url: address.
        sha256: of the bytes at the address.
        size: their number.
        member: the file of the archive at the address that is meant; ``""`` where the address is the file itself.
    """

    url: str
    sha256: str
    size: int
    member: str = ""
