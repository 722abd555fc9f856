"""Files that XTREME's evaluate.py reads."""

import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from xstilts.artifacts import write_json
from xstilts.errors import XstiltsError
from xstilts.evaluation.export import export
from xstilts.study import load_study

PREDICTIONS = {
    "xnli": (
        [{"id": "1", "gold": "neutral", "pred": "entailment"}, {"id": "2", "gold": "neutral", "pred": "neutral"}],
        {"accuracy": 50.0},
    ),
    "udpos": (
        [{"id": "1", "gold": ["DET", "NOUN"], "pred": ["DET", "VERB"]}, {"id": "3", "gold": ["X"], "pred": ["X"]}],
        {"accuracy": 200 / 3, "f1": 40.0},
    ),
    "mlqa": (
        [{"id": "q1", "gold": ["北京。", "京"], "pred": "“北京”"}, {"id": "q2", "gold": ["x\ty"], "pred": ""}],
        {"mlqa_f1": 60.0, "mlqa_exact_match": 50.0},
    ),
    "tatoeba": ([{"id": "1", "gold": "1", "pred": "2"}, {"id": "2", "gold": "2", "pred": "2"}], {"accuracy": 50.0}),
    "bucc2018": (
        [
            {"id": "zh-1", "gold": ["en-4"], "mined": "en-4"},
            {"id": "zh-2", "gold": [], "mined": "en-7"},
            {"id": "zh-3", "gold": ["en-9", "en-8"], "mined": None},
        ],
        {"bucc_f1": 40.0},
    ),
    "mewslix": ([{"id": "m1", "gold": ["Q1"], "pred": ["Q2", "Q1"]}], {"map_20": 50.0}),
}
EXPECTED = {
    "predictions/xnli/test-zh.tsv": "entailment\nneutral\n",
    "labels/xnli/test-zh.tsv": "neutral\nneutral\n",
    "predictions/udpos/test-zh.tsv": "DET\nVERB\n\nX\n",
    "labels/udpos/test-zh.tsv": "DET\nNOUN\n\nX\n",
    "predictions/tatoeba/test-zh.tsv": "1\n1\n",
    "labels/tatoeba/test-zh.tsv": "0\n1\n",
    "predictions/bucc2018/test-zh.tsv": "zh-1\ten-4\nzh-2\ten-7\n",
    "labels/bucc2018/test-zh.tsv": "zh-1\ten-4\nzh-3\ten-9\nzh-3\ten-8\n",
}


@pytest.fixture
def predictions(tmp_path):
    paths = {}
    for task, (rows, values) in PREDICTIONS.items():
        paths[task] = tmp_path / task / "clean.parquet"
        paths[task].parent.mkdir()
        pa.parquet.write_table(pa.Table.from_pylist([{"language": "zh", **row} for row in rows]), paths[task])
        scores = [{"language": "zh", "metric": name, "value": value, "n": 2} for name, value in values.items()]
        write_json(paths[task].with_suffix(".json"), {"metrics": scores})
    return paths


def test_every_task_has_the_files_that_the_script_reads(predictions, tmp_path):
    export(predictions, tmp_path / "out")
    for name, text in EXPECTED.items():
        assert (tmp_path / "out" / name).read_text(encoding="utf-8") == text, name
    answers = json.loads((tmp_path / "out/predictions/mlqa/test-zh.json").read_text(encoding="utf-8"))
    assert answers == {"q1": "“北京”", "q2": ""}
    gold = json.loads((tmp_path / "out/labels/mlqa/test-zh.json").read_text(encoding="utf-8"))
    assert [question["answers"] for question in gold["data"][0]["paragraphs"][0]["qas"]] == [
        [{"text": "北京。"}, {"text": "京"}],
        [{"text": "x\ty"}],
    ]
    assert json.loads((tmp_path / "out/predictions/mewslix/test-zh.json").read_text()) == {"m1": ["Q2", "Q1"]}


def test_scores_are_the_benchmarks_means(predictions, tmp_path):
    summary = export(predictions, tmp_path / "out")
    expected = {"xnli": 50, "udpos": 40, "mlqa": 55, "tatoeba": 50, "bucc2018": 40, "mewslix": 50}
    assert {task: found["score"] for task, found in summary["tasks"].items()} == pytest.approx(expected)
    assert summary["mean"] == pytest.approx(sum(expected.values()) / 6)
    assert json.loads((tmp_path / "out" / "scores.json").read_text()) == summary


def test_what_the_layout_cannot_hold_leaves_nothing_behind(predictions, tmp_path):
    twice = [{"language": "zh", "id": "q", "gold": ["a"], "pred": "a"}] * 2
    pa.parquet.write_table(pa.Table.from_pylist(twice), predictions["mlqa"])
    with pytest.raises(XstiltsError, match="zh: 1 ids occur twice"):
        export(predictions, tmp_path / "out")
    with pytest.raises(XstiltsError, match=r"absent\.parquet: no such file"):
        export({"xnli": tmp_path / "absent.parquet"}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_submission_has_one_target_per_task(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(
        "study: s\nencoders: {m: {kind: mini}}\nintermediate: {none: {}}\n"
        "targets: {a: {task: mini_nli}, b: {task: mini_nli}, c: {task: mini_bitext}}\n"
    )
    study = load_study(file)
    assert study.submission(["b", "c"]) == {"mini_nli": "b", "mini_bitext": "c"}
    with pytest.raises(XstiltsError, match="targets a and b are both mini_nli"):
        study.submission()
    with pytest.raises(XstiltsError, match="unknown target 'd'; the study has: a, b, c"):
        study.submission(["d"])
