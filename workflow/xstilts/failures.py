"""What failed in a run: one line per job, for the end of Snakemake's own log."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_ERROR = re.compile(r"^\s*Error in (?:local)?rule (\S+?):$")
_ENTRY = re.compile(r"^\s+(output|log): (.*?)(?: \(check log file\(s\) for error details\))?$")


def failures(snakemake_logs: Sequence[Path], folder: Path) -> str:
    """A table of the jobs that failed for good: rule, first output, last line of the job's log.

    A job that failed and then ended well, on another attempt, is not in it.

    Args:
        snakemake_logs: what Snakemake wrote about the run.
        folder: where its paths begin.
    """
    rows: dict[str, tuple[str, str]] = {}
    for rule, entries in (error for path in snakemake_logs if path.is_file() for error in _errors(path)):
        output = entries.get("output", "").split(", ")[0]
        if not (folder / output).is_file():
            rows[output] = (rule, _last_line(folder / entries["log"].split(", ")[0]) if "log" in entries else "")
    if not rows:
        return ""
    lines = [f"  {rule}  {output}\n    {said or 'no log'}" for output, (rule, said) in rows.items()]
    return "\n".join([f"Failed: {len(rows)}; the jobs that need them were not run.", *lines])


def _errors(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    rule = ""
    entries: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if found := _ERROR.match(line):
            if rule:
                yield rule, entries
            rule, entries = found[1], {}
        elif rule and (entry := _ENTRY.match(line)):
            entries.setdefault(entry[1], entry[2])
        elif rule and not line.strip():
            yield rule, entries
            rule, entries = "", {}
    if rule:
        yield rule, entries


def _last_line(path: Path) -> str:
    if not path.is_file():
        return ""
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""
