"""Benchmarks: named lists of targets and their languages."""

import csv
import difflib
import functools
from pathlib import Path
from typing import Any

from xstilts.errors import ConfigError

# Columns: benchmark, task, languages separated by spaces; from the benchmarks' own evaluation code and papers.
TABLE = Path(__file__).with_name("xtreme_languages.csv")

# What a task without English training rows of its own is fine-tuned on (Hu et al. 2020, section 4; Ruder et al. 2021).
TRAINED_ON = {
    "xnli": ["mnli"],
    "xquad": ["squad"],
    "mlqa": ["squad"],
    "xcopa": ["siqa", "copa"],
}


@functools.cache
def languages() -> dict[str, dict[str, tuple[str, ...]]]:
    """Languages of every benchmark's tasks, in the benchmark's order of tasks."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    with TABLE.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            found.setdefault(row["benchmark"], {})[row["task"]] = tuple(row["languages"].split())
    return found


def benchmark(name: object) -> dict[str, dict[str, Any]]:
    """The targets of a benchmark, as a study would write them.

    Raises:
        ConfigError: there is no benchmark of that name; the message suggests the nearest.
    """
    known = languages()
    if name not in known:
        near = difflib.get_close_matches(str(name).upper(), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"benchmarks: {', '.join(known)}"
        raise ConfigError(f"unknown benchmark {name!r}; {hint}")
    return {
        task: {"task": task, "languages": list(spoken)} | ({"train": TRAINED_ON[task]} if task in TRAINED_ON else {})
        for task, spoken in known[str(name)].items()
    }
