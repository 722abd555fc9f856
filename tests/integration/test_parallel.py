"""Several processes take the steps that one would have taken."""

import json
import os
import subprocess
import sys

import pytest

from tiny import tiny_encoder
from xstilts.artifacts import MANIFEST, read_json, write_json

SCRIPT = """
import json, sys
from pathlib import Path
import pytest
from tiny import RECIPE, pretend_tasks
from xstilts.training import methods
from xstilts.training.job import train
encoder, folder, output, method, task_type = sys.argv[1:]
with pytest.MonkeyPatch.context() as patch:
    pretend_tasks(patch, toy=task_type, text="mlm")
    recipe = RECIPE | {"method": method, "methods": methods.resolve(method, {})}
    recipe |= {"evaluations": 12, "learning_rate": [1e-3]}
    recipe["text"] = {"task": "text", "languages": ["de", "en"], "examples": 40}
    text = Path(folder, "text") if method == "dann" else None
    train(recipe, Path(encoder), [Path(folder, "toy")], Path(output), "toy", text=text)
"""


def run(folder, encoder, output, method, task_type, processes):
    script = folder / "run.py"
    script.write_text(SCRIPT)
    for name in ("toy", "text"):
        write_json(folder / name / MANIFEST, {})
    launcher = [sys.executable]
    if processes > 1:
        launcher += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    arguments = [str(encoder), str(folder), str(output), method, task_type]
    done = subprocess.run([*launcher, str(script), *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return read_json(output / MANIFEST)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "task_type"), [("standard", "tagging"), ("fgm", "classification"), ("dann", "span_qa")]
)
def test_two_processes_have_the_loss_curve_of_one(method, task_type, tmp_path):
    still = tiny_encoder(tmp_path / "encoder", dropout=0.0)
    alone, together = (
        run(tmp_path, still, tmp_path / f"processes{count}", method, task_type, count) for count in (1, 2)
    )
    assert together["processes"] == 2
    curves = [[entry["loss"] for entry in manifest["history"]["loss"]] for manifest in (alone, together)]
    assert curves[0] == pytest.approx(curves[1], rel=2e-3)
    assert json.dumps(together["recipe"]) == json.dumps(alone["recipe"])


@pytest.mark.slow
def test_the_command_starts_its_processes_itself(finished):
    """The same entry point: `xstilts train --processes 2`."""
    root = finished.results
    made = read_json(root / "checkpoints/mini/nli/seed1" / MANIFEST)
    output = root / "together"
    command = ["xstilts", "train", "--processes", "2", "--label", "together", "--recipe", json.dumps(made["recipe"])]
    command += [
        "--parent",
        str(root / "encoders/mini"),
        "--data",
        str(root / "data/mini_nli/train"),
        "--output",
        str(output),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    manifest = read_json(output / MANIFEST)
    assert manifest["processes"] == 2
    assert manifest["history"]["steps"] == made["history"]["steps"]
