"""Edit X, and exactly these jobs run."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from xstilts.artifacts import verify

pytestmark = pytest.mark.slow

ENDS = {"scores.csv", "answers.csv", "figures/figures.json", "report.html"}
REPORTED = {"answers.csv", "figures/figures.json", "report.html"}


def scored(*arms: str) -> set[str]:
    return {f"predictions/mini/{arm}/manifest.json" for arm in arms}


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """When the files of a folder were written, and what they hold."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


@pytest.fixture
def workplace(finished, tmp_path):
    return finished.copy(tmp_path / "study")


def test_nothing_to_do_after_a_run_nor_after_copying_it_to_another_place(workplace):
    assert workplace.dry_run() == set()


def test_every_stage_left_its_artifact(finished):
    for name in (
        "data/mini_pos/clean/manifest.json",
        "data/mini_pos/char_noise_20/manifest.json",
        "encoders/mini/model.safetensors",
        "checkpoints/mini/nli/seed1/manifest.json",
        "checkpoints/mini/none/pos/seed1/README.md",
        "predictions/mini/none/bitext/pretrained/clean.parquet",
        "predictions/mini/nli/bitext/seed1/clean.parquet",
        "scores.parquet",
        "figures/gain_heatmap.svg",
        "report.html",
    ):
        assert (finished.results / name).stat().st_size > 0, name
    assert not list(finished.results.rglob(".*")), "temporary files left behind"


def test_touched_files_retrain_nothing(workplace):
    future = time.time() + 60
    for path in workplace.results.rglob("*"):
        if path.name in ("manifest.json", "model.safetensors") and "checkpoints" in path.parts:
            os.utime(path, (future, future))
    assert not any(name.startswith("checkpoints") for name in workplace.planned())


def test_a_plots_colour_redraws_figures_and_report(workplace):
    workplace.edit(lambda study: study.update(figures={"palette": ["#123456", "#654321"]}))
    assert workplace.planned() == {"figures/figures.json", "report.html"}


def test_a_questions_text_touches_only_what_shows_it(workplace):
    workplace.edit(lambda study: study["questions"]["gain"].update(text="Does it really help?"))
    assert workplace.planned() == REPORTED


def test_a_further_language_is_prepared_and_scored_without_training(workplace):
    workplace.edit(lambda study: study["targets"]["pos"]["languages"].append("fr"))
    assert workplace.planned() == ENDS | scored("none/pos", "nli/pos") | {
        "data/mini_pos/test.source.json",
        "data/mini_pos/clean/manifest.json",
        "data/mini_pos/char_noise_20/manifest.json",
    }


def test_one_recipes_learning_rate_retrains_that_recipe_and_what_hangs_on_it(workplace):
    workplace.edit(lambda study: study["intermediate"]["nli"].update(training={"learning_rate": 2e-3}))
    assert workplace.planned() == ENDS | scored("nli/pos", "nli/bitext") | {
        "checkpoints/mini/nli/seed1/manifest.json",
        "checkpoints/mini/nli/pos/seed1/manifest.json",
    }


def test_a_targets_recipe_retrains_that_target_in_every_arm(workplace):
    workplace.edit(lambda study: study["targets"]["pos"].update(training={"epochs": 2}))
    assert workplace.planned() == ENDS | scored("none/pos", "nli/pos") | {
        "checkpoints/mini/none/pos/seed1/manifest.json",
        "checkpoints/mini/nli/pos/seed1/manifest.json",
    }


def test_swapped_values_of_two_keys_are_a_change(workplace):
    workplace.edit(lambda study: study["training"].update(epochs=96, examples=1))
    assert "checkpoints/mini/nli/seed1/manifest.json" in workplace.planned()


@pytest.mark.parametrize("name", ["manifest.json", "model.safetensors"])
def test_a_deleted_checkpoint_is_made_again_with_its_dependants(workplace, name):
    (workplace.results / "checkpoints/mini/nli/seed1" / name).unlink()
    assert workplace.planned() == ENDS | scored("nli/pos", "nli/bitext") | {
        "checkpoints/mini/nli/seed1/manifest.json",
        "checkpoints/mini/nli/pos/seed1/manifest.json",
    }


def test_a_deleted_evaluation_is_made_again_without_training(workplace):
    (workplace.results / "predictions/mini/nli/pos/manifest.json").unlink()
    assert workplace.planned() == ENDS | scored("nli/pos")


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("scores.csv", ENDS),
        ("answers.csv", REPORTED),
        ("figures/forest.png", {"figures/figures.json", "report.html"}),
    ],
)
def test_a_deleted_table_or_figure_is_made_again_from_what_is_there(workplace, name, again):
    (workplace.results / name).unlink()
    assert workplace.planned() == again


def test_deleted_checkpoints_and_evaluations_are_made_again_together(workplace):
    for name in ("checkpoints", "predictions"):
        shutil.rmtree(workplace.results / name)
    assert workplace.planned() == ENDS | scored("none/pos", "nli/pos", "none/bitext", "nli/bitext") | {
        f"checkpoints/mini/{name}/seed1/manifest.json" for name in ("nli", "nli/pos", "none/pos")
    }


def test_a_further_seed_trains_that_seed_only(workplace):
    workplace.edit(lambda study: study["seeds"].append(2))
    assert workplace.planned() == ENDS | scored("none/pos", "nli/pos", "nli/bitext") | {
        "checkpoints/mini/nli/seed2/manifest.json",
        "checkpoints/mini/none/pos/seed2/manifest.json",
        "checkpoints/mini/nli/pos/seed2/manifest.json",
    }


def test_a_further_seed_is_scored_and_the_others_are_kept(workplace):
    folder = workplace.results / "predictions/mini/none/pos"
    before = contents(folder / "seed1")
    workplace.edit(lambda study: study["seeds"].append(2))
    workplace.run("results/tiny/predictions/mini/none/pos/manifest.json")
    assert contents(folder / "seed1") == before
    assert {path.name for path in (folder / "seed2").iterdir()} == before.keys()
    manifest = verify(folder)
    assert set(manifest["files"]) == {f"{seed}/{name}" for seed in ("seed1", "seed2") for name in before}
    said = (workplace.results / "logs/evaluate/mini/none/pos.log").read_text()
    assert [line.partition("]")[0] for line in said.splitlines() if "kept" in line] == [
        "[none/pos/seed1/clean",
        "[none/pos/seed1/char_noise_20",
    ]


def test_a_further_recipe_leaves_the_others_alone(workplace):
    workplace.edit(lambda study: study["intermediate"].update(pos={"tasks": ["mini_pos"]}))
    arms = ("pos/pos", "pos/bitext")
    checkpoints = {f"checkpoints/mini/{name}/seed1/manifest.json" for name in ("pos", "pos/pos")}
    assert workplace.planned() == ENDS | scored(*arms) | checkpoints


def test_a_further_condition_is_scored_and_the_others_are_kept(workplace):
    folder = workplace.results / "predictions/mini/nli/pos/seed1"
    before = contents(folder)
    damaged = folder / "char_noise_20.parquet"
    damaged.write_bytes(b"PAR1")
    noise = {"perturbation": "char_noise", "strength": 0.4, "targets": ["pos"]}
    workplace.edit(lambda study: study["conditions"].update(char_noise_40=noise))
    token = "predictions/mini/nli/pos/manifest.json"
    assert workplace.planned() == ENDS | scored("none/pos", "nli/pos") | {"data/mini_pos/char_noise_40/manifest.json"}
    workplace.run(f"results/tiny/{token}")
    after = contents(folder)
    assert after["clean.parquet"] == before["clean.parquet"]
    assert after["clean.json"] == before["clean.json"]
    assert damaged.read_bytes() == before[damaged.name][1]
    assert {"char_noise_40.json", "char_noise_40.parquet"} == after.keys() - before.keys()
    said = (workplace.results / "logs/evaluate/mini/nli/pos.log").read_text()
    assert [line for line in said.splitlines() if "kept" in line] == [
        "[nli/pos/seed1/clean] kept: made by the same recipe of the same checkpoint and data"
    ]


def test_a_condition_less_loads_no_model(workplace):
    (workplace.results / "checkpoints/mini/nli/pos/seed1/model.safetensors").write_bytes(b"")
    evaluation = workplace.results / "predictions/mini/nli/pos/manifest.json"
    workplace.edit(lambda study: study["conditions"].clear())
    workplace.run(f"results/tiny/{evaluation.relative_to(workplace.results)}")
    assert set(json.loads(evaluation.read_text())["files"]) == {"seed1/clean.json", "seed1/clean.parquet"}


def test_a_lost_score_is_named_with_what_to_delete(workplace):
    folder = workplace.results / "predictions/mini/nli/pos"
    (folder / "seed1/clean.json").unlink()
    (workplace.results / "scores.csv").unlink()
    done = workplace.snakemake("--cores", "1", "--", "results/tiny/scores.csv", check=False)
    manifest = f"results/tiny/{(folder / 'manifest.json').relative_to(workplace.results)}"
    assert f"clean.json: no such file; delete {manifest} and run again" in done.stdout + done.stderr
    (folder / "manifest.json").unlink()
    workplace.run()
    assert workplace.planned() == set()


def test_a_corrupt_checkpoint_stops_the_job_that_reads_it_with_one_line(workplace):
    weights = workplace.results / "checkpoints/mini/nli/seed1/model.safetensors"
    times = weights.stat()
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    (workplace.results / "checkpoints/mini/nli/pos/seed1/manifest.json").unlink()
    done = workplace.snakemake("--cores", "2", check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("xstilts: error:")]
    assert done.returncode != 0
    assert len(said) == 1
    assert "nli/seed1/model.safetensors: corrupt" in said[0]
    assert not Path(workplace.results / "checkpoints/mini/nli/pos/seed1/manifest.json").exists()
