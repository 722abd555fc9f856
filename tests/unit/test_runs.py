"""The tables of training runs and their curves."""

import json
from pathlib import Path

import pytest
import score_tables

from xstilts.analysis.runs import collect_runs, read_curves, read_runs
from xstilts.errors import DataError, XstiltsError
from xstilts.study import Paths


def collected(folder: Path, **manifests: dict[str, object]) -> None:
    folders = {}
    for seed, manifest in manifests.items():
        (folder / seed).mkdir()
        (folder / seed / "manifest.json").write_text(json.dumps(manifest))
        folders["mini", "none", "xnli", seed] = str(folder / seed)
    collect_runs(folders, folder / "training.csv", folder / "curves.csv")


def test_a_run_is_a_row_and_its_curves_are_told_by_step(tmp_path: Path) -> None:
    several = score_tables.manifest(
        ["mnli", "qqp"], "dann", 70.0, resumed=[10, 20], peak_memory_mb={"host": 9, "device": 7}
    )
    collected(tmp_path, seed1=score_tables.manifest(["mnli"], "standard", 60.0), seed2=several)
    runs = read_runs(tmp_path / "training.csv").set_index("seed")
    assert list(runs["intermediate"]) == ["none", "none"]  # a name, not a missing value
    assert list(runs["tasks"]) == ["mnli", "mnli qqp"] and list(runs["method"]) == ["standard", "dann"]
    assert list(runs["dev"]) == [60, 70] and list(runs["best_step"]) == [40, 40] and list(runs["resumed"]) == [0, 2]
    assert runs["device_mb"].isna()[1] and runs["device_mb"][2] == 7 and runs["mfu"].isna().all()
    curves = read_curves(tmp_path / "curves.csv")
    by_quantity = curves[curves["seed"] == 2].groupby("quantity")["value"].apply(list).to_dict()
    assert by_quantity == {
        "dev": [55, 60, 65, 70],
        "dev:mnli": [55, 60, 65, 70],
        "dev:qqp": [55, 60, 65, 70],
        "loss": [0.9, 0.8, 0.7, 0.6],
        "method:accuracy": [35, 30, 25, 20],
        "method:chance": [10, 10, 10, 10],
    }
    assert set(curves[curves["seed"] == 1]["quantity"]) == {"dev", "loss"}


def test_a_study_that_trains_nothing_has_empty_tables(tmp_path: Path) -> None:
    collected(tmp_path)
    assert read_runs(tmp_path / "training.csv").empty and read_curves(tmp_path / "curves.csv").empty


def test_a_manifest_that_is_gone_or_of_something_else_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"seed1/manifest.json: not a trained checkpoint's manifest"):
        collected(tmp_path, seed1={"recipe": {"kind": "mini"}})
    with pytest.raises(XstiltsError, match=r"gone/manifest.json: no such file"):
        collect_runs(
            {("mini", "none", "xnli", "seed1"): str(tmp_path / "gone")}, tmp_path / "a.csv", tmp_path / "b.csv"
        )
    assert not list(tmp_path.glob("*.csv"))


def test_an_intermediate_run_is_told_once_though_several_targets_go_on_from_it() -> None:
    arm = {"encoder": "mini", "seeds": ["seed1"], "conditions": ["clean"]}
    arms = [
        arm | {"intermediate": "nli", "target": "xnli", "intermediate_trained": True, "target_trained": True},
        arm | {"intermediate": "nli", "target": "tatoeba", "intermediate_trained": True, "target_trained": False},
        arm | {"intermediate": "none", "target": "xnli", "intermediate_trained": False, "target_trained": True},
    ]
    assert Paths("results/s").runs(arms) == {
        ("mini", "nli", "", "seed1"): "results/s/checkpoints/mini/nli/seed1",
        ("mini", "nli", "xnli", "seed1"): "results/s/checkpoints/mini/nli/xnli/seed1",
        ("mini", "none", "xnli", "seed1"): "results/s/checkpoints/mini/none/xnli/seed1",
    }
