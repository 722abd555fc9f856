"""What is known of the intermediate recipes besides their scores: the table of their difficulty."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from xstilts.errors import ConfigError, DataError
from xstilts.questions.table import CLEAN

COLUMNS = ["encoder", "intermediate", "task", "seed", "measure", "value", "n"]
PREFIX = "difficulty."


def read_difficulty(path: Path) -> pd.DataFrame:
    """Read ``difficulty.csv``.

    Raises:
        DataError: the file is missing, malformed or lacks a column.
    """
    types = {"encoder": "str", "intermediate": "str", "task": "str", "measure": "str", "value": "float64"}
    try:
        table = pd.read_csv(path, dtype=types | {"seed": "int64", "n": "int64"}, keep_default_na=False)
        return table[COLUMNS]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; run the rule that measures difficulty first") from None
    except (ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a difficulty table ({reason}); delete it and run again") from None


def covariate_of(table: pd.DataFrame | None, name: str) -> Mapping[tuple[str, str], float]:
    """A covariate such as ``difficulty.pvi`` by encoder and recipe: the mean over its tasks and seeds.

    Raises:
        ConfigError: the study has not measured it.
    """
    measure = name.removeprefix(PREFIX)
    rows = table[table["measure"] == measure] if table is not None else None
    if rows is None or not len(rows):
        known = "none" if table is None else ", ".join(PREFIX + found for found in sorted(table["measure"].unique()))
        raise ConfigError(f"questions: covariate {name!r} is not measured; the study has: {known}")
    means = rows.groupby(["encoder", "intermediate"])["value"].mean()
    return {(str(encoder), str(recipe)): float(value) for (encoder, recipe), value in means.items()}


def beside_scores(difficulty: pd.DataFrame, summaries: pd.DataFrame) -> pd.DataFrame:
    """Each recipe's difficulty beside what it scores.

    Args:
        difficulty: the table.
        summaries: of :func:`xstilts.questions.summary.summary`.

    Returns:
        ``encoder``, ``intermediate``, ``measure``, ``difficulty`` (mean over tasks and seeds), ``target`` and
        ``zero_shot`` on clean inputs.
    """
    means = difficulty.groupby(["encoder", "intermediate", "measure"], sort=False, as_index=False)["value"].mean()
    clean = summaries[summaries["condition"] == CLEAN][["encoder", "intermediate", "target", "zero_shot"]]
    return means.rename(columns={"value": "difficulty"}).merge(clean, on=["encoder", "intermediate"])
