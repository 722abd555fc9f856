"""Edit X, and exactly these jobs run."""

import os
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ENDS = {"scores.csv", "answers.csv", "figures/figures.json", "report.html"}
REPORTED = {"answers.csv", "figures/figures.json", "report.html"}
CONDITIONS = ("clean", "char_noise_20")


def scored(*arms: str) -> set[str]:
    return {f"predictions/mini/{arm}/{condition}.parquet" for arm in arms for condition in CONDITIONS}


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
    assert workplace.planned() == ENDS | scored("none/pos/seed1", "nli/pos/seed1") | {
        "data/mini_pos/test.source.json",
        "data/mini_pos/clean/manifest.json",
        "data/mini_pos/char_noise_20/manifest.json",
    }


def test_one_recipes_learning_rate_retrains_that_recipe_and_what_hangs_on_it(workplace):
    workplace.edit(lambda study: study["intermediate"]["nli"].update(training={"learning_rate": 2e-3}))
    assert workplace.planned() == ENDS | scored("nli/pos/seed1", "nli/bitext/seed1") | {
        "checkpoints/mini/nli/seed1/manifest.json",
        "checkpoints/mini/nli/pos/seed1/manifest.json",
    }


def test_a_targets_recipe_retrains_that_target_in_every_arm(workplace):
    workplace.edit(lambda study: study["targets"]["pos"].update(training={"epochs": 2}))
    assert workplace.planned() == ENDS | scored("none/pos/seed1", "nli/pos/seed1") | {
        "checkpoints/mini/none/pos/seed1/manifest.json",
        "checkpoints/mini/nli/pos/seed1/manifest.json",
    }


def test_swapped_values_of_two_keys_are_a_change(workplace):
    workplace.edit(lambda study: study["training"].update(epochs=96, examples=1))
    assert "checkpoints/mini/nli/seed1/manifest.json" in workplace.planned()


@pytest.mark.parametrize("name", ["manifest.json", "model.safetensors"])
def test_a_deleted_checkpoint_is_made_again_with_its_dependants(workplace, name):
    (workplace.results / "checkpoints/mini/nli/seed1" / name).unlink()
    assert workplace.planned() == ENDS | scored("nli/pos/seed1", "nli/bitext/seed1") | {
        "checkpoints/mini/nli/seed1/manifest.json",
        "checkpoints/mini/nli/pos/seed1/manifest.json",
    }


def test_a_further_seed_trains_that_seed_only(workplace):
    workplace.edit(lambda study: study["seeds"].append(2))
    planned = workplace.planned()
    assert {name for name in planned if "seed1" in name} == set()
    assert {name for name in planned if name.startswith("checkpoints")} == {
        "checkpoints/mini/nli/seed2/manifest.json",
        "checkpoints/mini/none/pos/seed2/manifest.json",
        "checkpoints/mini/nli/pos/seed2/manifest.json",
    }


def test_a_further_recipe_and_condition_leave_the_others_alone(workplace):
    def change(study):
        study["intermediate"]["pos"] = {"tasks": ["mini_pos"]}
        study["conditions"]["char_noise_40"] = {"perturbation": "char_noise", "strength": 0.4}

    workplace.edit(change)
    planned = workplace.planned()
    assert {name for name in planned if name.startswith("checkpoints")} == {
        "checkpoints/mini/pos/seed1/manifest.json",
        "checkpoints/mini/pos/pos/seed1/manifest.json",
    }
    assert not planned & scored("none/pos/seed1", "nli/pos/seed1")


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
