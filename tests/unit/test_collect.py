"""The score table."""

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet
import pytest

from xstilts.errors import XstiltsError
from xstilts.evaluation.collect import SCORES, collect

RUNS = [
    {
        "encoder": "mini",
        "intermediate": "nli",
        "target": "xnli",
        "seeds": ["seed10", "seed2"],
        "conditions": ["clean", "noise"],
    },
    {"encoder": "mini", "intermediate": "none", "target": "tatoeba", "seeds": ["pretrained"], "conditions": ["clean"]},
]


def write_evaluation(root: Path, target: str, seed_dir: str, condition: str, **changes: Any) -> Path:
    intermediate = "none" if target == "tatoeba" else "nli"
    content = {
        "study": "small",
        "encoder": "mini",
        "intermediate": intermediate,
        "method": "standard",
        "target": target,
        "task": target,
        "seed": None if seed_dir == "pretrained" else int(seed_dir[4:]),
        "condition": condition,
        "strength": 0.0 if condition == "clean" else 0.1,
        "metrics": [{"language": code, "metric": "accuracy", "value": 100 / 3, "n": 3} for code in ("th", "de")],
        "edit_rate": {},
        "inputs": {},
        "predictions": "0" * 64,
    }
    path = root / "mini" / intermediate / target / seed_dir / f"{condition}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content | changes))
    return path


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    for seed in ("seed2", "seed10"):
        for condition in ("clean", "noise"):
            write_evaluation(tmp_path / "predictions", "xnli", seed, condition)
    write_evaluation(tmp_path / "predictions", "tatoeba", "pretrained", "clean")
    return tmp_path / "predictions"


def run(predictions: Path, runs: list[Mapping[str, Any]] = RUNS) -> tuple[Path, Path]:
    table, columns = predictions.parent / "scores.csv", predictions.parent / "scores.parquet"
    collect(predictions, runs, table, columns)
    return table, columns


def test_table_is_tidy_sorted_and_reproducible(predictions: Path) -> None:
    table, columns = run(predictions)
    rows = list(csv.DictReader(table.open()))
    assert tuple(rows[0]) == SCORES.columns
    assert [(row["target"], row["seed"], row["language"], row["condition"]) for row in rows] == [
        ("xnli", seed, language, condition)
        for seed in ("2", "10")
        for language in ("de", "th")
        for condition in ("clean", "noise")
    ] + [("tatoeba", "", language, "clean") for language in ("de", "th")]
    assert {(row["value"], row["strength"]) for row in rows} == {("33.3333", "0"), ("33.3333", "0.1")}
    before = table.read_bytes(), columns.read_bytes()
    run(predictions, RUNS[::-1])
    assert (table.read_bytes(), columns.read_bytes()) == before


def test_parquet_keeps_types_and_digits(predictions: Path) -> None:
    found = pyarrow.parquet.read_table(run(predictions)[1])
    assert tuple(found.column_names) == SCORES.columns
    assert found.schema.field("seed").type == "int64"
    assert found.column("seed").to_pylist() == [2] * 4 + [10] * 4 + [None] * 2
    assert found.column("value").to_pylist() == [100 / 3] * 10


def test_the_parquet_file_differs_where_only_predictions_do(predictions: Path) -> None:
    table, columns = run(predictions)
    before = table.read_bytes(), columns.read_bytes()
    write_evaluation(predictions, "xnli", "seed2", "clean", predictions="1" * 64)
    run(predictions)
    assert table.read_bytes() == before[0]
    assert columns.read_bytes() != before[1]


def test_columns_are_those_of_the_schema() -> None:
    schema = json.loads(SCORES.schema.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert tuple(schema["required"]) == tuple(schema["properties"]) == SCORES.columns


def test_files_of_other_runs_are_not_read(predictions: Path) -> None:
    write_evaluation(predictions, "xnli", "seed3", "clean", study="an older one")
    assert "older" not in run(predictions)[0].read_text()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 3}, "seed is 3, not 2 as its path says"),
        ({"encoder": "other"}, "encoder is 'other', not 'mini'"),
        ({"condition": "noise"}, "condition is 'noise', not 'clean'"),
        ({"study": "another"}, "scores of studies 'another' and 'small'"),
        ({"metrics": []}, "holds no scores"),
        ({"metrics": [{"language": "de", "metric": "accuracy"}]}, "not an evaluation's scores"),
        ({"metrics": [{"language": "de", "metric": "accuracy", "value": 133, "n": 3}]}, "value: 133 is greater than"),
        ({"metrics": [{"language": "de", "metric": "accuracy", "value": math.nan, "n": 3}]}, "value is nan"),
        (
            {"metrics": [{"language": "de", "metric": "accuracy", "value": 1.0, "n": 3}] * 2},
            "two scores for small mini",
        ),
        ({"strength": -1}, "strength: -1 is less than"),
    ],
)
def test_a_foreign_or_malformed_file_is_one_line_and_nothing_is_written(
    predictions: Path, changes: dict[str, Any], message: str
) -> None:
    path = write_evaluation(predictions, "xnli", "seed2", "clean")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(XstiltsError, match=message) as caught:
        run(predictions)
    assert "\n" not in str(caught.value)
    assert not (predictions.parent / "scores.csv").exists()


def test_a_missing_file_is_named(predictions: Path) -> None:
    missing = predictions / "mini/nli/xnli/seed2/noise.json"
    missing.unlink()
    with pytest.raises(XstiltsError, match=f"{missing}: no such file"):
        run(predictions)
    assert list(predictions.parent.iterdir()) == [predictions]
