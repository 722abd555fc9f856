"""Two studies and one cache: the second trains nothing that the first has trained."""

import shutil

import pytest

from workflow import Workplace
from xstilts.artifacts import read_json

pytestmark = pytest.mark.slow

TRAINED = "checkpoints/mini/nli/seed1/manifest.json"


def untrained(finished, folder, name: str) -> Workplace:
    """The finished study under another name, its intermediate checkpoint gone."""
    workplace = finished.copy(folder)
    workplace.edit(lambda study: study.update(study=name))
    (workplace.folder / "results/tiny").rename(workplace.folder / "results" / name)
    shutil.rmtree(workplace.results / "checkpoints/mini/nli/seed1")
    return workplace


def test_a_second_study_takes_the_checkpoint(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("XSTILTS_CACHE_DIR", str(tmp_path / "cache"))
    said = []
    for name in ("one", "two"):
        workplace = untrained(finished, tmp_path / name, name)
        workplace.run(f"results/{name}/{TRAINED}")
        said.append((workplace.results / "logs/intermediate/mini/nli/seed1.log").read_text())
        files = [read_json(place.results / TRAINED)["files"] for place in (workplace, finished)]
        assert files[0]["model.safetensors"] == files[1]["model.safetensors"]
    assert "English dev" in said[0]
    assert "taken from" in said[1]
    assert "English dev" not in said[1]
