"""Hub encoders, fetched by the real client from a hub on loopback."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

from hub import PATIENT, serve
from xstilts import tasks
from xstilts.artifacts import verify
from xstilts.data.fetch import write_source

REVISION = "0123456789abcdef0123456789abcdef01234567"


def fetch(address, output, tmp_path, **changes):
    sources = changes.pop("sources", [])
    recipe = {"version": 1, "kind": "hub", "id": "team/tiny", "revision": REVISION, "covered_languages": None}
    recipe |= {"vocabulary": "full"} | changes
    command = [sys.executable, "-m", "xstilts", "encoder", "--recipe", json.dumps(recipe), "--output", str(output)]
    command += ["--sources", *map(str, sources)] if sources else []
    environment = os.environ | {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "hf_secret"}
    return subprocess.run(command, capture_output=True, text=True, env=environment | PATIENT)


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


def unigram_encoder(folder, texts):
    """A random encoder over a SentencePiece-like vocabulary, as XLM-R's is, of the texts and of others."""
    core = Tokenizer(models.Unigram())
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="<unk>", show_progress=False)
    core.train_from_iterator([*texts, *(f"zyzzyva{number} quokka{number}" for number in range(200))], trainer)
    core.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", unk_token="<unk>", **names)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    XLMRobertaModel(XLMRobertaConfig(vocab_size=len(fast), **small)).save_pretrained(folder)
    fast.save_pretrained(folder)
    return fast


@pytest.mark.slow
def test_a_hub_encoder_trimmed_to_a_tasks_texts(tmp_path):
    task = tasks.get("mini_paraphrase")
    texts = [row["text_a"] for language in ("en", "de") for row in task.read(None, "test", language)]
    whole = unigram_encoder(tmp_path / "repository", texts)
    source = tmp_path / "mini_paraphrase" / "vocabulary.source.json"
    write_source(task, None, source, [("test", "en"), ("test", "de")])
    with serve({"team/tiny": tmp_path / "repository"}, REVISION) as (address, _):
        done = fetch(address, tmp_path / "small", tmp_path, vocabulary=["mini_paraphrase"], sources=[source])
    assert done.returncode == 0, done.stderr
    manifest = verify(tmp_path / "small")
    trimmed = AutoTokenizer.from_pretrained(tmp_path / "small")
    assert manifest["encoder"]["vocabulary"] == len(trimmed) < len(whole)
    assert [trimmed.tokenize(text) for text in texts[:50]] == [whole.tokenize(text) for text in texts[:50]]
    model = XLMRobertaModel.from_pretrained(tmp_path / "small")
    assert model.get_input_embeddings().num_embeddings == len(trimmed)
