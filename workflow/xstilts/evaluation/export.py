"""Predictions in the layout that XTREME's ``evaluate.py`` reads, with the gold labels beside them.

``predictions/{task}/test-{language}.tsv`` and ``labels/…`` (google-research/xtreme, README, "Leaderboard submission"):
one label a line; one tag a line with an empty line between sentences; for Tatoeba the found sentence's line, from 0;
for BUCC the ids of mined pairs. Question answering is JSON: answers by question id, and gold in SQuAD's format.
Rankings are JSON too: candidate ids by query id, as XTREME-R's scorer for Mewsli-X reads them.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts import tasks
from xstilts.artifacts import atomic_directory, made_again, read_json, write_json
from xstilts.errors import DataError
from xstilts.metrics import benchmarks

Row = Mapping[str, Any]
Text = Callable[[Sequence[Row], str], str]


def export(predictions: Mapping[str, Path], output: Path) -> dict[str, Any]:
    """Write one model's predictions, their gold labels and ``scores.json``, whole or not at all.

    Args:
        predictions: Parquet file of the clean predictions of each task; their scores lie beside it as JSON.
        output: directory to write; replaced if it is there.

    Returns:
        What ``scores.json`` holds: for each task its ``languages`` (metric → language → value) and ``score``, and the
        ``mean`` of the scores.

    Raises:
        XstiltsError: a file is missing or damaged, or the format cannot hold the predictions.
    """
    found: dict[str, Any] = {}
    with atomic_directory(output) as folder:
        for name, path in sorted(predictions.items()):
            task = tasks.get(name)
            for language, rows in _by_language(path).items():
                _check(rows, path, language)
                suffix, predicted, gold = _FORMATS["mining" if task.mined else task.type]
                for kind, text in (("predictions", predicted), ("labels", gold)):
                    file = folder / kind / name / f"test-{language}.{suffix}"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text(rows, "pred" if kind == "predictions" else "gold"), encoding="utf-8")
            values = _values(task, path.with_suffix(".json"))
            found[name] = {"languages": values, "score": benchmarks.task_score(values)}
        summary = {"tasks": found, "mean": benchmarks.overall({name: task["score"] for name, task in found.items()})}
        write_json(folder / "scores.json", summary)
    return summary


def _by_language(path: Path) -> dict[str, list[Row]]:
    """Predictions of every language, in the order of the test rows."""
    import pyarrow as pa
    import pyarrow.parquet

    try:
        rows = pyarrow.parquet.read_table(path).to_pylist()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; {made_again(path)}") from None
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: damaged ({str(error).splitlines()[0]}); {made_again(path)}") from None
    languages: dict[str, list[Row]] = {}
    for row in rows:
        languages.setdefault(row["language"], []).append(row)
    return languages


def _check(rows: Sequence[Row], path: Path, language: str) -> None:
    ids = {row["id"] for row in rows}
    if len(ids) < len(rows):
        raise DataError(
            f"{path}: {language}: {len(rows) - len(ids)} ids occur twice, and XTREME's files go by id; mend the data"
        )


def _values(task: tasks.Task, path: Path) -> dict[str, dict[str, float]]:
    values: dict[str, dict[str, float]] = {}
    for row in read_json(path)["metrics"]:
        if row["metric"] in benchmarks.counted(task.type, task.metrics):
            values.setdefault(row["metric"], {})[row["language"]] = row["value"]
    return values


def _lines(lines: Iterable[object]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _labels(rows: Sequence[Row], field: str) -> str:
    return _lines(row[field] for row in rows)


def _tags(rows: Sequence[Row], field: str) -> str:
    return "\n".join(_lines(row[field]) for row in rows)


def _positions(rows: Sequence[Row], field: str) -> str:
    place = {row["id"]: number for number, row in enumerate(rows)}
    return _lines(place[row[field]] for row in rows)


def _pairs(rows: Sequence[Row], field: str) -> str:
    if field == "gold":
        return _lines(f"{row['id']}\t{target}" for row in rows for target in row["gold"])
    return _lines(f"{row['id']}\t{row['mined']}" for row in rows if row["mined"] is not None)


def _by_id(rows: Sequence[Row], field: str) -> str:
    return json.dumps({row["id"]: row[field] for row in rows}, ensure_ascii=False, indent=0) + "\n"


def _squad(rows: Sequence[Row], field: str) -> str:
    questions = [{"id": row["id"], "answers": [{"text": answer} for answer in row["gold"]]} for row in rows]
    document = {"version": "1.1", "data": [{"paragraphs": [{"qas": questions}]}]}
    return json.dumps(document, ensure_ascii=False, indent=0) + "\n"


_FORMATS: dict[str, tuple[str, Text, Text]] = {
    "classification": ("tsv", _labels, _labels),
    "multiple_choice": ("tsv", _labels, _labels),
    "tagging": ("tsv", _tags, _tags),
    "retrieval": ("tsv", _positions, _positions),
    "mining": ("tsv", _pairs, _pairs),
    "span_qa": ("json", _by_id, _squad),
    "pool_retrieval": ("json", _by_id, _by_id),
}
