"""Several processes take the steps that one would have taken."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tiny import RECIPE, pretend_tasks, tiny_encoder
from xstilts.artifacts import MANIFEST, read_json, write_json
from xstilts.training import methods
from xstilts.training.job import STATE_MINUTES, train
from xstilts.training.signals import Interrupted
from xstilts.training.state import StateDirectory

SCRIPT = "import sys\nfrom integration.test_parallel import work\nwork(*sys.argv[1:])\n"


def work(encoder, folder, output, method, task_types, *state_minutes):
    """Train on toy rows, in as many processes as there are; each may have an interval of its own between savings."""
    minutes = float(state_minutes[int(os.environ["RANK"])]) if state_minutes else STATE_MINUTES
    recipe = RECIPE | {"method": method, "methods": methods.resolve(method, {})}
    tasks = {"toy" if task_type == task_types else task_type: task_type for task_type in task_types.split(",")}
    recipe |= {"evaluations": 12, "learning_rate": [1e-3], "tasks": list(tasks)}
    recipe["text"] = {"task": "text", "languages": ["de", "en"], "examples": 40}
    text = Path(folder, "text") if method == "dann" else None
    with pytest.MonkeyPatch.context() as patch:
        pretend_tasks(patch, **tasks, text="mlm")
        data = [Path(folder, name) for name in tasks]
        train(recipe, Path(encoder), data, Path(output), "toy", state_minutes=minutes, text=text)


def stopped(encoder, folder, output):
    """Be told to stop at the third step, with a disk on which the state takes a while; it is there when this ends."""
    mark, save = StateDirectory.mark, StateDirectory.save

    def told(states, position):
        mark(states, position)
        if position == 3:
            os.kill(os.getpid(), signal.SIGUSR1)

    def slow(states, *arguments):
        if states.writes:
            time.sleep(3)
        save(states, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateDirectory, "mark", told)
        patch.setattr(StateDirectory, "save", slow)
        with pytest.raises(Interrupted):
            work(encoder, folder, output, "standard", "tagging")
    assert list(Path(folder).glob(".together.state/*/state.json"))


def start_two(folder, *arguments, call="work"):
    """The same in two processes."""
    script = folder / "run.py"
    script.write_text(SCRIPT.replace("work", call))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([*launcher, *map(str, arguments)], env=environment, stderr=subprocess.PIPE, text=True)


def end_well(running):
    """Wait for them; what they said."""
    try:
        said = running.communicate(timeout=600)[1]
    except subprocess.TimeoutExpired:
        running.terminate()
        raise
    assert running.returncode == 0, said
    return said


def work_in_two(folder, *arguments):
    """The same, to its end."""
    end_well(start_two(folder, *arguments))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "task_types"),
    [
        ("standard", "tagging"),
        ("fgm", "classification"),
        ("dann", "span_qa"),
        ("standard", "tagging,classification,span_qa"),
    ],
)
def test_two_processes_have_the_loss_curve_of_one(method, task_types, tmp_path):
    still = tiny_encoder(tmp_path / "encoder", dropout=0.0)
    for name in ("toy", "text", *task_types.split(",")):
        write_json(tmp_path / name / MANIFEST, {})
    work(still, tmp_path, tmp_path / "alone", method, task_types)
    work_in_two(tmp_path, still, tmp_path, tmp_path / "together", method, task_types)
    alone, together = (read_json(tmp_path / name / MANIFEST) for name in ("alone", "together"))
    assert together["processes"] == 2
    curves = [[entry["loss"] for entry in manifest["history"]["loss"]] for manifest in (alone, together)]
    assert curves[0] == pytest.approx(curves[1], rel=2e-3)
    assert together["history"]["tokens"] == alone["history"]["tokens"]
    assert together["cost"]["flops"] == pytest.approx(alone["cost"]["flops"], rel=0.2)
    assert json.dumps(together["recipe"]) == json.dumps(alone["recipe"])


@pytest.mark.slow
def test_processes_whose_clocks_differ_save_together(encoder, tmp_path):
    """To the second it is always time to save, to the first never."""
    write_json(tmp_path / "toy" / MANIFEST, {})
    work_in_two(tmp_path, encoder, tmp_path, tmp_path / "together", "standard", "tagging", "1000", "0")
    assert read_json(tmp_path / "together" / MANIFEST)["history"]["steps"] == 36


@pytest.mark.slow
def test_no_process_leaves_before_the_state_is_written(encoder, tmp_path):
    """The launcher would end the one that writes it."""
    write_json(tmp_path / "toy" / MANIFEST, {})
    end_well(start_two(tmp_path, encoder, tmp_path, tmp_path / "together", call="stopped"))


@pytest.mark.slow
def test_processes_that_waited_for_a_job_that_trained_their_checkpoint_all_step_aside(encoder, tmp_path):
    write_json(tmp_path / "toy" / MANIFEST, {})
    arguments = encoder, tmp_path, tmp_path / "run", "standard", "tagging"
    work(*arguments)
    trained = read_json(tmp_path / "run" / MANIFEST)
    with StateDirectory(tmp_path / ".run.state", "key", 1e9).lock("first"):
        running = start_two(tmp_path, *arguments)
        assert any("another job trains this checkpoint" in line for line in running.stderr)
    assert "step" not in end_well(running)
    assert read_json(tmp_path / "run" / MANIFEST) == trained


@pytest.mark.slow
def test_the_command_starts_its_processes_itself(finished, tmp_path):
    """The same entry point: `xstilts train --processes 2`."""
    root = finished.results
    made = read_json(root / "checkpoints/mini/nli/seed1" / MANIFEST)
    output = tmp_path / "together"
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
