"""Hub encoders, fetched by the real client from a hub on loopback."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from hub import serve
from xstilts.artifacts import verify

REVISION = "0123456789abcdef0123456789abcdef01234567"


def fetch(address, output, tmp_path, **changes):
    recipe = {"version": 1, "kind": "hub", "id": "team/tiny", "revision": REVISION, "covered_languages": None} | changes
    command = [sys.executable, "-m", "xstilts", "encoder", "--recipe", json.dumps(recipe), "--output", str(output)]
    environment = os.environ | {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "hf_secret"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.slow
def test_a_pinned_encoder_becomes_a_checkpoint_and_later_loads_without_network(encoder, tmp_path):
    with serve({"team/tiny": encoder}, REVISION) as (address, requests):
        done = fetch(address, tmp_path / "encoder", tmp_path)
        assert done.returncode == 0, done.stderr
        assert any("model.safetensors" in request for request in requests)
        assert not any(request.endswith((".py", ".bin")) for request in requests)
    assert "hf_secret" not in done.stdout + done.stderr
    manifest = verify(tmp_path / "encoder")
    assert manifest["encoder"]["revision"] == REVISION
    assert (tmp_path / "encoder" / "model.safetensors").is_file()
    load = "[loader.from_pretrained(sys.argv[1]) for loader in (AutoModel, AutoTokenizer)]"
    code = f"import sys; from transformers import AutoModel, AutoTokenizer; {load}"
    offline = os.environ | {"HF_HUB_OFFLINE": "1"}
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "encoder")], env=offline, check=True, capture_output=True
    )


@pytest.mark.slow
def test_a_wrong_revision_and_a_repository_without_safetensors_are_one_line(encoder, tmp_path):
    pickled = tmp_path / "pickled"
    shutil.copytree(encoder, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with serve({"team/tiny": encoder, "team/pickled": pickled}, REVISION) as (address, _):
        wrong = fetch(address, tmp_path / "a", tmp_path, revision="f" * 40)
        unsafe = fetch(address, tmp_path / "b", tmp_path, id="team/pickled")
    for done, words in ((wrong, "cannot be fetched"), (unsafe, "no safetensors")):
        assert done.returncode == 2
        assert words in done.stderr.strip().splitlines()[-1]
        assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"home", "pickled"}
