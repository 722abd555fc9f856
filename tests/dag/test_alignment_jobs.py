"""Alignment in the workflow: one job for all seeds of an arm, a table, a figure."""

import csv
import json
import re

import pytest

from workflow import Workplace, commands
from xstilts.analysis.measures import registry
from xstilts.artifacts import verify

SWITCHED = {"perturbation": "code_switch", "strength": 0.5, "targets": ["pos"], "languages": "declared"}
MEASURED = {"task": "mini_nli", "languages": ["de", "ru"], "examples": 60}


def with_alignment(folder, **changes):
    workplace = Workplace(folder)

    def add(study):
        study["conditions"]["switched"] = SWITCHED | {"options": {"language": "en", "parallel": "mini_bitext"}}
        study["alignment"] = MEASURED | changes

    workplace.edit(add)
    return workplace


def test_every_arm_is_one_job(tmp_path):
    workplace = with_alignment(tmp_path / "study")
    workplace.edit(lambda study: study.update(seeds=[1, 2]))
    done = workplace.snakemake("--dry-run", "--nocolor", "--printshellcmds")
    said = done.stdout + done.stderr
    measured = set(re.findall(r"^\s+output: results/tiny/alignment/(\S+)/manifest\.json", said, re.M))
    assert measured == {f"mini/{arm}" for arm in ("none", "nli", "none/pos", "nli/pos")}
    found = [each for each in commands(said) if each[0] in ("align", "alignment", "figures")]
    assert len(found) == 4 + 2
    for command, arguments in found:
        assert callable(arguments.run)
        if command == "align":
            assert [each["name"] for each in arguments.recipe["conditions"]] == ["clean", "char_noise_20", "switched"]
            assert [path.name for path in arguments.data] == ["clean", "char_noise_20", "switched"]
            assert arguments.seeds in (["pretrained"], ["seed1", "seed2"])
            assert [path.name for path in arguments.checkpoints] in (["mini"], ["seed1", "seed2"])
    assert "figures/alignment_layers.svg" in said


def test_the_jobs_wait_for_no_more_checkpoints_than_they_read(tmp_path):
    workplace = with_alignment(tmp_path / "study", checkpoints=["pretrained"], conditions=[])
    done = workplace.snakemake("--dry-run", "--nocolor", "--", "results/tiny/alignment.csv")
    stats = dict(re.findall(r"^(\w+)\s+(\d+)$", done.stdout + done.stderr, re.M))
    assert stats["alignment"] == "1"
    assert not {"intermediate", "target", "perturb", "evaluate"} & stats.keys()


@pytest.mark.slow
def test_a_study_measures_and_draws_it(finished, tmp_path):
    workplace = finished.copy(tmp_path / "study")
    planned = workplace.planned()
    assert not planned
    workplace.edit(lambda study: study.update(alignment=MEASURED | {"task": "mini_bitext", "examples": None}))
    trained = {output for output in workplace.planned() if output.startswith(("checkpoints/", "encoders/"))}
    assert not trained
    workplace.run()
    rows = list(csv.DictReader((workplace.results / "alignment.csv").open()))
    assert {row["layer"] for row in rows} == {"0", "1"}
    # Checkpoints, conditions, languages and layers.
    assert len(rows) == 4 * 2 * 2 * 2 * len(registry())
    index = json.loads((workplace.results / "figures/figures.json").read_text())
    assert "alignment_layers" in [figure["name"] for figure in index]
    assert "Cross-lingual alignment by layer" in (workplace.results / "report.html").read_text()
    same_as_the_retrieval_target(workplace, rows)
    undrifted = [row for row in rows if row["phase"] == "pretrained" and row["measure"] == "pretrained_cka"]
    assert all(float(row["value"]) == pytest.approx(1, abs=1e-5) for row in undrifted)
    a_further_seed_is_measured_alone(workplace)


def a_further_seed_is_measured_alone(workplace):
    """What was measured stays, and is not measured again."""
    folder = workplace.results / "alignment/mini/nli"
    first = (folder / "seed1.json").read_bytes()
    workplace.edit(lambda study: study["seeds"].append(2))
    assert "alignment/mini/none/manifest.json" not in workplace.planned()
    workplace.run("results/tiny/alignment/mini/nli/manifest.json")
    manifest = verify(folder)
    assert (set(manifest["files"]), manifest["scored"]) == ({"seed1.json", "seed2.json"}, 1)
    assert (folder / "seed1.json").read_bytes() == first
    assert json.loads((folder / "seed2.json").read_text())["seed"] == 2


def same_as_the_retrieval_target(workplace, rows):
    """P@1 from English is the accuracy of the retrieval target of the same pairs."""
    with (workplace.results / "scores.csv").open() as handle:
        accuracy = {
            (row["intermediate"], row["language"], row["condition"], row["metric"].removeprefix("accuracy_layer_")): row
            for row in csv.DictReader(handle)
            if row["target"] == "bitext" and row["metric"].startswith("accuracy_layer_")
        }
    compared = [r for r in rows if r["measure"] == "p_at_1_from_english" and r["phase"] != "target"]
    assert compared
    for row in compared:
        score = accuracy[row["intermediate"], row["language"], row["condition"], row["layer"]]
        assert float(row["value"]) == pytest.approx(float(score["value"]), abs=1e-3)
