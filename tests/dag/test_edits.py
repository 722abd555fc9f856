"""Edits of a study, of the workflow's code and of the files on disk: for each, exactly the jobs that run."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from workflow import ROOT, Workplace

pytestmark = pytest.mark.slow

ARMS = ("none/pos", "nli/pos", "none/bitext", "nli/bitext")
REPORTED = {"answers.csv", "figures/figures.json", "report.html"}
ENDS = {"scores.csv"} | REPORTED


def trained(*names: str) -> set[str]:
    return {f"checkpoints/mini/{name}/seed1/manifest.json" for name in names}


def scored(*arms: str) -> set[str]:
    return {f"predictions/mini/{arm}/manifest.json" for arm in arms}


def data(*names: str) -> set[str]:
    return {f"data/{name}" if name.endswith(".json") else f"data/{name}/manifest.json" for name in names}


def training(key: str, value: object):
    return lambda study: study["training"].update({key: value})


EVERY_CHECKPOINT = trained("nli", "none/pos", "nli/pos")
# Sentence retrieval with the encoder as it is needs no training, so training touches all but that.
FINE_TUNED = EVERY_CHECKPOINT | scored("none/pos", "nli/pos", "nli/bitext") | ENDS
ALL = FINE_TUNED | scored(*ARMS)

STUDY_EDITS = {
    "the order of keys": (lambda study: study.update(dict(reversed(study.items()))), set()),
    "a default written out": (training("batch_size", 32), set()),
    "a job's memory, time, threads and GPUs": (
        lambda study: study["encoders"]["mini"].update(
            resources={"mem_mb": 4000, "runtime": 90, "threads": 2, "gpus": 2}
        ),
        set(),
    ),
    "the title": (lambda study: study.update(title="Another"), REPORTED),
    "a published score": (
        lambda study: study.update(
            published=[{"source": "Nobody", "model": "none", "intermediate": "none", "scores": {"pos": 50.0}}]
        ),
        {"report.html"},
    ),
    "a figure's size": (lambda study: study.update(figures={"dpi": 90}), {"figures/figures.json", "report.html"}),
    "every recipe's warm-up": (training("warmup", 0.2), FINE_TUNED),
    "the optimiser of one target": (
        lambda study: study["targets"]["pos"].update(training={"weight_decay": 0.1}),
        trained("none/pos", "nli/pos") | scored("none/pos", "nli/pos") | ENDS,
    ),
    "the layer of a retrieval target": (
        lambda study: study["targets"]["bitext"].update(layer=0),
        scored("none/bitext", "nli/bitext") | ENDS,
    ),
    "the memory of a scoring pass": (
        lambda study: study["evaluation"].update(batch_tokens=2048),
        scored(*ARMS) | ENDS,
    ),
    "the number of test rows": (
        lambda study: study["evaluation"].update(examples=30),
        data("mini_pos/clean", "mini_bitext/clean", "mini_pos/char_noise_20", "mini_bitext/char_noise_20")
        | scored(*ARMS)
        | ENDS,
    ),
    "a condition's strength": (
        lambda study: study["conditions"]["char_noise_20"].update(strength=0.25),
        data("mini_pos/char_noise_20", "mini_bitext/char_noise_20") | scored(*ARMS) | ENDS,
    ),
    "a condition less": (
        lambda study: study["conditions"].clear(),
        # Their evaluations find every file right: no model is loaded (test_reruns.py).
        scored(*ARMS) | ENDS,
    ),
    "a target less": (lambda study: study["targets"].pop("bitext"), ENDS),
    "a language less": (
        lambda study: study["targets"]["pos"]["languages"].remove("ru"),
        data("mini_pos/test.source.json", "mini_pos/clean", "mini_pos/char_noise_20")
        | scored("none/pos", "nli/pos")
        | ENDS,
    ),
    "the encoder's size": (
        lambda study: study["encoders"]["mini"].update(intermediate_size=48),
        {"encoders/mini/manifest.json"} | ALL,
    ),
}


@pytest.mark.parametrize(("edit", "expected"), STUDY_EDITS.values(), ids=STUDY_EDITS)
def test_an_edit_of_the_study(sketched, tmp_path, edit, expected):
    workplace = sketched.copy(tmp_path / "study")
    workplace.edit(edit)
    assert workplace.planned() == expected


@pytest.mark.parametrize("value", ["seeds=[1, 2]", "seeds=[1,2]"])
def test_an_override_on_the_command_line_is_the_same_edit(sketched, tmp_path, value):
    workplace = sketched.copy(tmp_path / "study")
    done = workplace.snakemake("--cores", "1", "--dry-run", "--quiet", "rules", "--config", value)
    workplace.edit(lambda study: study.update(seeds=[1, 2]))
    found = done.stdout + done.stderr
    assert int(re.search(r"^total\s+(\d+)$", found, re.M)[1]) == len(workplace.planned()) + 1


@pytest.fixture
def checkout(sketched, tmp_path) -> Workplace:
    """The sketched study under another checkout of the workflow: every file of it is new."""
    root = tmp_path / "checkout"
    for name in ("rules", "profiles", "envs", "workflow"):
        shutil.copytree(
            ROOT / name, root / name, copy_function=shutil.copy, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "Snakefile", root / "Snakefile")
    workplace = sketched.copy(tmp_path / "study")
    workplace.root = root
    return workplace


def replace(path: Path, old: str, new: str) -> None:
    text, count = re.subn(old, new, path.read_text())
    assert count, f"{path} has no {old}"
    path.write_text(text)


POS_DATA = data(
    *("mini_pos/train.source.json", "mini_pos/test.source.json", "mini_pos/train"),
    *("mini_pos/clean", "mini_pos/char_noise_20"),
)
CODE_EDITS = {
    "nothing": (("Snakefile", "^", ""), set()),
    "what a rule's command line says": (("rules/target.smk", "xstilts train --label", "xstilts train  --label"), set()),
    "a newer plotting library": (("envs/requirements.txt", r"matplotlib==\S+", "matplotlib==99.0"), set()),
    "the training code's version": (
        ("workflow/xstilts/study/recipes.py", r"TRAINING_VERSION = (\d+)", "TRAINING_VERSION = 99"),
        FINE_TUNED,
    ),
    "the scoring code's version": (
        ("workflow/xstilts/study/recipes.py", r"EVALUATION_VERSION = (\d+)", "EVALUATION_VERSION = 99"),
        scored(*ARMS) | ENDS,
    ),
    "a perturbation's version": (
        ("workflow/xstilts/perturbations/char_noise.py", r"version=(\d+)", "version=99"),
        data("mini_pos/char_noise_20", "mini_bitext/char_noise_20") | scored(*ARMS) | ENDS,
    ),
    "a task's version": (
        ("workflow/xstilts/tasks/mini_pos.py", 'name="mini_pos",', 'name="mini_pos", version=2,'),
        POS_DATA | data("mini_pos/vocabulary.source.json") | {"encoders/mini/manifest.json"} | ALL,
    ),
}


@pytest.mark.parametrize(("edit", "expected"), CODE_EDITS.values(), ids=CODE_EDITS)
def test_an_edit_of_the_workflow(checkout, edit, expected):
    name, old, new = edit
    replace(checkout.root / name, old, new)
    assert checkout.dry_run() == expected


def test_results_copied_with_new_times(sketched, tmp_path):
    shutil.copytree(sketched.folder, tmp_path / "study", copy_function=shutil.copy)
    assert Workplace(tmp_path / "study").planned() == set()


def test_results_copied_without_snakemakes_notes(sketched, tmp_path):
    workplace = sketched.copy(tmp_path / "study")
    shutil.rmtree(workplace.folder / ".snakemake")
    assert workplace.planned() == set()


def test_every_file_touched(sketched, tmp_path):
    workplace = sketched.copy(tmp_path / "study")
    subprocess.run(["find", str(workplace.results), "-type", "f", "-exec", "touch", "{}", "+"], check=True)
    assert not {name for name in workplace.planned() if name.startswith(("checkpoints", "encoders", "predictions"))}


def test_a_rewritten_but_equal_data_manifest(sketched, tmp_path):
    workplace = sketched.copy(tmp_path / "study")
    manifest = workplace.results / "data/mini_nli/train/manifest.json"
    content = manifest.read_bytes()
    manifest.unlink()
    manifest.write_bytes(content)
    assert manifest.stat().st_mtime > (workplace.results / "report.html").stat().st_mtime
    assert workplace.planned() == set()
