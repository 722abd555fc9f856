"""A killed run goes on where it was and ends in the bytes that it would have ended in."""

import fcntl
import itertools
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import torch
from transformers import GPT2Config, GPT2Model

from tiny import RECIPE, SIZES, pretend_task, pretend_tasks, tiny_encoder
from xstilts.artifacts import MANIFEST, atomic_directory, file_table, read_json, write_json
from xstilts.errors import CheckpointError, XstiltsError
from xstilts.models.load import load_tokenizer
from xstilts.seeds import rng
from xstilts.training import methods, search
from xstilts.training.job import train
from xstilts.training.methods.standard import Standard
from xstilts.training.signals import Interrupted
from xstilts.training.state import StateDirectory, random_state, restore_random_state

METHODS = [
    "standard",
    "fgm",
    "pgd",
    "freelb",
    "smart",
    "r3f",
    "char_noise",
    "char_adversarial",
    "dann",
    "dann+char_noise+freelb",
]
TEXT = {"task": "text", "languages": ["de", "en"], "examples": None}


class Killed(BaseException):
    """What SIGKILL is to a process: nothing is tidied up after it."""


def folders(tmp_path, *names):
    for name in names:
        write_json(tmp_path / name / MANIFEST, {})
    return [tmp_path / name for name in names]


def weights(manifest):
    return manifest["files"]["model.safetensors"]["sha256"]


def kill_at(monkeypatch, steps):
    """Die after these steps, each time before the step's state is saved."""
    left = sorted(steps)
    marked = StateDirectory.mark

    def mark(self, position):
        marked(self, position)
        if left and position == left[0]:
            left.pop(0)
            raise Killed

    monkeypatch.setattr(StateDirectory, "mark", mark)


def train_with_kills(monkeypatch, steps, **arguments):
    with monkeypatch.context() as patched:
        kill_at(patched, steps)
        for _ in steps:
            with pytest.raises(Killed):
                train(**arguments)
            assert not arguments["output"].exists()
        return train(**arguments)


@pytest.mark.parametrize("method", METHODS)
def test_ten_kills_change_no_byte(method, encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, toy="classification", text="mlm")
    data, text = folders(tmp_path, "toy", "text")
    recipe = RECIPE | {"method": method, "methods": methods.resolve(method, {}), "text": TEXT}
    common = {"recipe": recipe, "parent": encoder, "data": [data], "label": "toy", "state_minutes": 0.0}
    common["text"] = text if "dann" in method else None
    undisturbed = train(output=tmp_path / "whole", **common)
    steps = rng("kills", method).sample(range(2, 37), 10)
    manifest = train_with_kills(monkeypatch, steps, output=tmp_path / "killed", **common)
    assert weights(manifest) == weights(undisturbed)
    assert len(manifest["resumed"]) == 10
    assert all(entry["repeated_steps"] == 1 for entry in manifest["resumed"])
    assert manifest["history"]["dev"] == undisturbed["history"]["dev"]


def test_kills_change_no_byte_of_a_multi_task_run_with_text_mixed_in(encoder, tmp_path, monkeypatch):
    names = {"nli": "classification", "qa": "span_qa", "choice": "multiple_choice", "text": "mlm"}
    pretend_tasks(monkeypatch, **names)
    recipe = RECIPE | {"tasks": list(names), "epochs": 1, "phase": "intermediate", "text_languages": ["en"]}
    common = {"recipe": recipe, "parent": encoder, "data": folders(tmp_path, *names), "label": "multi"}
    undisturbed = train(output=tmp_path / "whole", **common)
    steps = rng("kills", "multi").sample(range(2, 40), 10)
    manifest = train_with_kills(monkeypatch, steps, output=tmp_path / "killed", state_minutes=0.0, **common)
    assert weights(manifest) == weights(undisturbed)


@pytest.mark.parametrize("task_type", ["classification", "span_qa"])
def test_training_dynamics_are_recorded_and_change_no_byte(task_type, encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, task_type)
    common = {"parent": encoder, "data": folders(tmp_path, "data"), "label": "toy"}
    plain = train(recipe=RECIPE, output=tmp_path / "plain", **common)
    asked = RECIPE | {"cartography": True}
    recorded = train(recipe=asked, output=tmp_path / "recorded", **common)
    killed = train_with_kills(
        monkeypatch, [4, 17, 30], recipe=asked, output=tmp_path / "killed", state_minutes=0.0, **common
    )
    assert weights(plain) == weights(recorded) == weights(killed)
    whole, resumed = (pd.read_parquet(tmp_path / name / "cartography.parquet") for name in ("recorded", "killed"))
    pd.testing.assert_frame_equal(whole, resumed)
    assert set(whole.columns) == {"id", "task", "epoch", "probability", "correct"}
    assert whole.groupby("epoch")["id"].nunique().to_dict() == dict.fromkeys((1, 2, 3), SIZES["train"])
    means = whole.groupby("epoch")["probability"].mean()
    assert whole["probability"].between(0, 1).all() and means[3] > means[1]


def test_kills_across_a_grid_of_learning_rates_keep_what_was_tried(encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "tagging")
    recipe = RECIPE | {"learning_rate": [1e-3, 5e-3, 1e-4]}
    common = {"recipe": recipe, "parent": encoder, "data": folders(tmp_path, "data"), "label": "toy"}
    undisturbed = train(output=tmp_path / "whole", **common)
    manifest = train_with_kills(
        monkeypatch, [5, 36, 40, 73, 100], output=tmp_path / "killed", state_minutes=0.0, **common
    )
    assert weights(manifest) == weights(undisturbed)
    assert manifest["tuning"] == undisturbed["tuning"]


def test_a_kill_before_the_first_saving_is_counted(encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    common = {"recipe": RECIPE, "parent": encoder, "data": folders(tmp_path, "data"), "label": "toy"}
    manifest = train_with_kills(monkeypatch, [5, 7], output=tmp_path / "run", **common)
    assert manifest["resumed"] == [{"step": 0, "repeated_steps": 5}, {"step": 0, "repeated_steps": 7}]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_warning_signal_saves_within_a_step_and_the_next_call_goes_on(number, encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    common = {"recipe": RECIPE, "parent": encoder, "data": folders(tmp_path, "data"), "label": "toy"}
    undisturbed = train(output=tmp_path / "whole", **common)
    marked = StateDirectory.mark

    def mark(self, position):
        marked(self, position)
        if position == 20:
            os.kill(os.getpid(), number)
            time.sleep(0.05)

    with monkeypatch.context() as patched:
        patched.setattr(StateDirectory, "mark", mark)
        with pytest.raises(Interrupted, match=r"after step 20 of 36; the state is saved, run again to go on"):
            train(output=tmp_path / "run", **common)
    manifest = train(output=tmp_path / "run", **common)
    assert weights(manifest) == weights(undisturbed)
    assert manifest["resumed"] == [{"step": 20, "repeated_steps": 0}]


def test_a_changed_recipe_parent_or_row_never_resumes_from_an_old_state(encoder, tmp_path, monkeypatch, capsys):
    pretend_task(monkeypatch, "classification")
    data = folders(tmp_path, "data")
    common = {"parent": encoder, "data": data, "label": "toy", "output": tmp_path / "run", "state_minutes": 0.0}
    with monkeypatch.context() as patched:
        kill_at(patched, [20])
        with pytest.raises(Killed):
            train(RECIPE, **common)
    changed = RECIPE | {"weight_decay": 0.02}
    fresh = train(changed, encoder, data, tmp_path / "fresh", "toy")
    manifest = train(changed, **common)
    assert "is of another recipe, parent or data; removed" in capsys.readouterr().err
    assert manifest["resumed"] == [{"step": 0, "repeated_steps": 20}]
    assert weights(manifest) == weights(fresh)


def test_a_state_of_another_version_or_with_damaged_bytes_is_named_and_not_used(encoder, tmp_path, monkeypatch, capsys):
    pretend_task(monkeypatch, "classification")
    data = folders(tmp_path, "data")
    common = {"parent": encoder, "data": data, "label": "toy", "output": tmp_path / "run", "state_minutes": 0.0}
    state = tmp_path / ".run.state"
    undisturbed = train(RECIPE, encoder, data, tmp_path / "whole", "toy")

    def interrupted_state():
        with monkeypatch.context() as patched:
            kill_at(patched, [20])
            with pytest.raises(Killed):
                train(RECIPE, **common)
        (folder,) = (entry for entry in state.iterdir() if entry.is_dir())
        return folder

    facts = interrupted_state() / "state.json"
    write_json(facts, read_json(facts) | {"version": 99})
    assert weights(train(RECIPE, **common)) == weights(undisturbed)
    assert "it is of version 99, this program writes 2; starting anew" in capsys.readouterr().err
    tensors = interrupted_state() / "state.safetensors"
    damaged = bytearray(tensors.read_bytes())
    damaged[-1] ^= 1
    tensors.write_bytes(damaged)
    assert weights(train(RECIPE, **common)) == weights(undisturbed)
    assert "its bytes are damaged; starting anew" in capsys.readouterr().err


def test_states_are_gone_when_the_checkpoint_has_landed(encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    data = folders(tmp_path, "data")
    train(RECIPE, encoder, data, tmp_path / "run", "toy", state=tmp_path / "state", state_minutes=0.0)
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["lock"]


def test_a_full_disk_while_saving_the_state_is_said_and_training_goes_on(encoder, tmp_path, monkeypatch, capsys):
    pretend_task(monkeypatch, "classification")
    data = folders(tmp_path, "data")

    def full(tensors, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    manifest = train(RECIPE, encoder, data, tmp_path / "run", "toy", state_minutes=0.0)
    assert (
        "the state could not be saved ([Errno 28] No space left on device); training goes on" in capsys.readouterr().err
    )
    assert manifest["history"]["steps"] == 36


def test_a_loss_that_is_no_number_names_its_step_and_rows_and_keeps_the_last_good_state(encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    common = {"recipe": RECIPE, "parent": encoder, "data": folders(tmp_path, "data"), "label": "toy"}
    undisturbed = train(output=tmp_path / "whole", **common)
    good, passed = Standard.backward, itertools.count(1)

    def backward(self, passes):
        loss = good(self, passes)
        return loss * float("nan") if next(passed) > 20 else loss

    with monkeypatch.context() as patched:
        patched.setattr(Standard, "backward", backward)
        with pytest.raises(XstiltsError, match=r"loss is nan at step \d+ of 36, rows classification/"):
            train(output=tmp_path / "run", state_minutes=0.0, **common)
    manifest = train(output=tmp_path / "run", **common)
    (resumed,) = manifest["resumed"]
    assert resumed["step"] > 0
    assert resumed["repeated_steps"] == 0
    assert weights(manifest) == weights(undisturbed)


def test_a_second_job_for_the_same_checkpoint_waits_and_then_steps_aside(encoder, tmp_path, monkeypatch, capsys):
    pretend_task(monkeypatch, "classification")
    common = {"recipe": RECIPE, "parent": encoder, "data": folders(tmp_path, "data"), "label": "toy"}
    common["output"] = tmp_path / "run"
    first = train(**common)
    holder = StateDirectory(tmp_path / ".run.state", "key", 1e9)
    lock = holder.lock("first")
    lock.__enter__()
    flock = fcntl.flock

    def free_when_waited_for(handle, how):
        if how == fcntl.LOCK_EX:
            lock.__exit__(None, None, None)
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", free_when_waited_for)
    monkeypatch.setattr(search.Search, "run", lambda self: pytest.fail("trained twice"))
    assert weights(train(**common)) == weights(first)
    assert "another job trains this checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(("tokens", "fit"), [(None, 128), (64, 40)])
def test_memory_that_runs_out_lowers_the_pass_says_so_and_costs_no_example(tokens, fit, tmp_path, monkeypatch, capsys):
    """In the first pass of a step, or after some that went well."""
    pretend_task(monkeypatch, "classification")
    still = tiny_encoder(tmp_path / "encoder", dropout=0.0)
    data = folders(tmp_path, "data")
    recipe = RECIPE | {"micro_batch_tokens": tokens}
    undisturbed = train(recipe, still, data, tmp_path / "whole", "toy")
    forward = torch.nn.Embedding.forward

    def limited(self, ids):
        if torch.is_grad_enabled() and ids.numel() > fit:
            raise torch.OutOfMemoryError("out of memory")
        return forward(self, ids)

    monkeypatch.setattr(torch.nn.Embedding, "forward", limited)
    manifest = train(recipe, still, data, tmp_path / "run", "toy")
    assert "out of memory: passes of at most" in capsys.readouterr().err
    assert manifest["history"]["tokens"] == undisturbed["history"]["tokens"]
    first, second = (run["history"]["loss"] for run in (undisturbed, manifest))
    assert [entry["loss"] for entry in first] == pytest.approx([entry["loss"] for entry in second], rel=1e-3)


def test_an_example_that_does_not_fit_alone_says_what_to_lower(encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")

    def never(self, ids):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(torch.nn.Embedding, "forward", never)
    with pytest.raises(Exception, match=r"out of memory at step 1 with one example of \d+ tokens .* lower max_length"):
        train(RECIPE, encoder, folders(tmp_path, "data"), tmp_path / "run", "toy")


def test_memory_that_runs_out_in_a_methods_own_passes_says_what_to_lower(encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, toy="classification", text="mlm")
    data, text = folders(tmp_path, "toy", "text")

    def never(self, *arguments):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(methods.get("dann"), "_vectors", never)
    recipe = RECIPE | {"method": "dann", "methods": methods.resolve("dann", {}), "text": TEXT}
    with pytest.raises(XstiltsError, match=r"out of memory at step 1 in dann's own .* set micro_batch_tokens to \d+"):
        train(recipe, encoder, [data], tmp_path / "run", "toy", text=text)


def test_a_parent_of_another_architecture_is_refused(tmp_path, monkeypatch, encoder):
    pretend_task(monkeypatch, "multiple_choice")
    parent = tmp_path / "parent"
    with atomic_directory(parent) as folder:
        GPT2Model(GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=52)).save_pretrained(folder)
        load_tokenizer(encoder).save_pretrained(folder)
        write_json(folder / MANIFEST, {"files": file_table(folder)})
    with pytest.raises(CheckpointError, match="choose an encoder or a task that fit"):
        train(RECIPE, parent, folders(tmp_path, "data"), tmp_path / "run", "toy")


def test_a_state_of_a_cpu_goes_on_on_a_gpu_with_new_masks(monkeypatch):
    """There is no GPU here: what stands for its generator takes a state of 16 bytes, as the real one does."""
    saved = random_state(torch.device("cpu"))
    gpu = torch.zeros(16, dtype=torch.uint8)

    def take(state, device):
        gpu[:] = state

    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: gpu.clone())
    monkeypatch.setattr(torch.cuda, "set_rng_state", take)
    assert not restore_random_state(saved, torch.device("cuda"))
    both = random_state(torch.device("cuda"))
    assert not restore_random_state(both, torch.device("cpu"))
    gpu = torch.ones(16, dtype=torch.uint8)
    assert restore_random_state(both, torch.device("cuda"))
    assert gpu.sum() == 0


@pytest.mark.slow
def test_kill_minus_nine_at_any_moment_leaves_a_state_that_resumes(encoder, tmp_path):
    """A real process, really killed."""
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nimport pytest\nfrom tiny import RECIPE, SIZES, pretend_task\n"
        "from xstilts.training.job import train\n"
        "with pytest.MonkeyPatch.context() as patch:\n"
        "    pretend_task(patch, 'classification')\n"
        "    train(RECIPE | {'epochs': 30}, Path(sys.argv[1]), [Path(sys.argv[2])], Path(sys.argv[3]), 'toy',"
        " state_minutes=0.0)\n"
    )
    data = folders(tmp_path, "data")[0]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    def start(output):
        command = [sys.executable, str(script), str(encoder), str(data), str(output)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    assert start(tmp_path / "whole").wait() == 0
    position = tmp_path / ".run.state" / "position"
    for wanted in (3, 60, 200):
        process = start(tmp_path / "run")
        while not (position.exists() and int(position.read_text() or 0) >= wanted):
            assert process.poll() is None, "ended before it could be killed"
            time.sleep(0.01)
        process.kill()
        process.wait()
    assert start(tmp_path / "run").wait() == 0
    manifests = [read_json(tmp_path / name / MANIFEST) for name in ("whole", "run")]
    assert weights(manifests[0]) == weights(manifests[1])
    assert len(manifests[1]["resumed"]) == 3
