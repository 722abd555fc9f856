"""Which Snakemake profile is in force; Snakemake itself says nothing when a workflow profile's name is wrong."""

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path

from xstilts.errors import ConfigError


def check_profile(arguments: Sequence[str], profiles: Path, called: Path) -> None:
    """Check the profile options of a Snakemake command line.

    A workflow profile that is not found is passed over in silence, and the study would run on the login node. A profile
    of ours given as a general ``--profile`` is overridden by ``profiles/default``, key by key.

    Args:
        arguments: the command line without the program's name.
        profiles: the folder of the workflow's profiles.
        called: where Snakemake was called: paths are relative to that, not to its ``--directory``.

    Raises:
        ConfigError: the profile does not exist, or is given by the wrong option.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--workflow-profile")
    parser.add_argument("--profile", nargs="+", action="extend", default=[])
    given, _ = parser.parse_known_args(arguments)
    known = sorted(path.parent.name for path in profiles.glob("*/profile.yaml"))
    name = given.workflow_profile
    if name not in (None, "none") and not any(path.exists() for path in _candidates(name, profiles, called)):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}, or the path of a folder"
        raise ConfigError(f"--workflow-profile {name}: no such profile; {hint}")
    for other in given.profile:
        if profiles.resolve() in (called / other).resolve().parents:
            name = (called / other).resolve().relative_to(profiles.resolve()).parts[0]
            raise ConfigError(
                f"--profile {other}: profiles/default would override parts of it; say --workflow-profile {name}"
            )


def _candidates(name: str, profiles: Path, called: Path) -> list[Path]:
    """Where Snakemake looks for a workflow profile."""
    return [called / name, called / "profiles" / name, profiles / name]
