"""An edited recipe does not go unnoticed where Snakemake has no notes of what the results were made of."""

import re
import shutil

import pytest

from workflow import ROOT, Workplace
from xstilts.cli import main
from xstilts.errors import ConfigError

pytestmark = pytest.mark.slow

NLI = "results/tiny/checkpoints/mini/nli/seed1"


@pytest.fixture
def moved(sketched, tmp_path) -> Workplace:
    """The sketched study without Snakemake's notes, its report gone."""
    workplace = sketched.copy(tmp_path / "study")
    shutil.rmtree(workplace.folder / ".snakemake")
    (workplace.results / "report.html").unlink()
    workplace.tools = ROOT / "tests" / "stub"
    return workplace


def test_an_edited_recipe_stops_run_and_plan_with_what_differs_and_how_to_mend_it(moved):
    moved.edit(lambda study: study["intermediate"]["nli"].update(training={"epochs": 3}))
    done = moved.snakemake("--cores", "1", check=False)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    (line,) = [line for line in said.splitlines() if line.startswith(NLI)]
    assert "epochs 1 -> 3;" in line
    assert "other results" not in line
    assert line.endswith(f"--forcerun {NLI}/manifest.json")
    assert not (moved.results / "report.html").exists()
    with pytest.raises(ConfigError, match="epochs 1 -> 3"):
        moved.planned()
    moved.snakemake("--cores", "2", "--quiet", "all", "--forcerun", f"{NLI}/manifest.json")
    assert moved.planned() == set()


def test_the_first_of_several_is_named_and_the_others_counted(moved, monkeypatch, capsys):
    moved.edit(lambda study: study["training"].update(epochs=3))
    monkeypatch.chdir(moved.folder.parent)
    with pytest.raises(SystemExit):
        main(["plan", str(moved.study), "--directory", moved.folder.name])
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"checkpoints/mini/nli/pos/seed1: .*epochs 1 -> 3.*nor 2 other results", line)
    shutil.rmtree(moved.results / "checkpoints")
    assert {name for name in moved.planned() if name.startswith("checkpoints")}


@pytest.mark.parametrize(
    ("edit", "folder"),
    [
        (lambda study: study["encoders"]["mini"].update(intermediate_size=48), "encoders/mini"),
        (lambda study: study["conditions"]["char_noise_20"].update(strength=0.3), "data/mini_bitext/char_noise_20"),
        (lambda study: study["targets"]["bitext"].update(layer=0), "predictions/mini/nli/bitext"),
    ],
)
def test_encoders_test_sets_and_scores_are_compared_too(moved, edit, folder):
    moved.edit(edit)
    with pytest.raises(ConfigError, match=f"results/tiny/{folder}: made by another recipe"):
        moved.planned()


@pytest.mark.parametrize("command", ["plan", "why"])
@pytest.mark.parametrize(
    ("folder", "text", "said"),
    [
        ("checkpoints/mini/nli/seed1", "null", "a JSON value, not an object"),
        ("encoders/mini", "[{}]", "a JSON array, not an object"),
        ("checkpoints/mini/nli/seed1", '{"recipe": ', "not valid JSON"),
    ],
)
def test_a_manifest_of_another_shape_is_one_line(moved, capsys, command, folder, text, said):
    manifest = moved.results / folder / "manifest.json"
    manifest.write_text(text)
    asked = [f"results/tiny/{folder}"] if command == "why" else []
    with pytest.raises(SystemExit, match="2"):
        main([command, *asked, str(moved.study), "--directory", str(moved.folder)])
    (line,) = capsys.readouterr().err.splitlines()
    assert f"results/tiny/{folder}/manifest.json: {said}" in line
    assert line.endswith("delete it and run again")


def test_a_recipe_that_is_written_in_another_way_is_the_same(moved):
    moved.edit(lambda study: study["training"].update(epochs=1.0, batch_size=32))
    assert "checkpoints/mini/nli/seed1/manifest.json" not in moved.planned()


def test_what_is_to_be_made_anew_is_not_complained_of(sketched, tmp_path):
    workplace = sketched.copy(tmp_path / "study")
    workplace.tools = ROOT / "tests" / "stub"
    workplace.edit(lambda study: study["training"].update(epochs=3))
    data = workplace.results / "data/mini_bitext/clean/manifest.json"
    data.unlink()
    workplace.snakemake("--cores", "1", "--quiet", "all", "--until", "prepare")
    assert data.is_file()
    workplace.run()
    assert workplace.planned() == set()
