"""What fine-tuning promises: it learns, it repeats bit for bit, and cutting a batch changes no gradient."""

import copy
import json
import os
import shutil

import pytest
import torch
import transformers
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from tiny import LABELLED, LABELS, RECIPE, pretend_task, rows_of, tiny_encoder
from xstilts.artifacts import MANIFEST, atomic_directory, file_table, verify, write_json
from xstilts.cli import main
from xstilts.errors import CheckpointError, XstiltsError
from xstilts.models.heads import HEADS
from xstilts.models.load import fresh_head, load_encoder, load_model, load_tokenizer, longest_input
from xstilts.training import data as training_data
from xstilts.training import methods
from xstilts.training.batching import micro_batches
from xstilts.training.cost import named_peak
from xstilts.training.history import History
from xstilts.training.job import train
from xstilts.training.parallel import World, prepare_torch
from xstilts.training.setting import autocast


@pytest.fixture
def data(tmp_path):
    write_json(tmp_path / "data" / MANIFEST, {})
    return [tmp_path / "data"]


def weights_of(checkpoint):
    return verify(checkpoint)["files"]["model.safetensors"]["sha256"]


@pytest.mark.parametrize("task_type", LABELLED)
def test_every_task_type_learns_and_its_checkpoint_loads_with_transformers(
    task_type, encoder, data, tmp_path, monkeypatch
):
    pretend_task(monkeypatch, task_type)
    manifest = train(RECIPE | {"epochs": 8}, encoder, data, tmp_path / "run", "toy")
    assert manifest["history"]["best_score"] > 95
    assert [point["step"] for point in manifest["history"]["dev"]] == [32, 64, 96]
    assert AutoModel.from_pretrained(tmp_path / "run").config.hidden_size == 32
    assert AutoTokenizer.from_pretrained(tmp_path / "run")("red")["input_ids"]
    load_model(tmp_path / "run", HEADS[task_type].auto_class)
    assert "toy" in (tmp_path / "run" / "README.md").read_text()


def test_same_recipe_gives_the_same_bytes_and_another_seed_gives_others(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.manual_seed(hash(name) % 1000)
        train(RECIPE | {"seed": seed}, encoder, data, tmp_path / name, name)
    assert weights_of(tmp_path / "a") == weights_of(tmp_path / "b")
    assert weights_of(tmp_path / "a") != weights_of(tmp_path / "c")


def test_frozen_embeddings_keep_every_bit_and_the_rest_is_trained(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "tagging")
    train(RECIPE | {"freeze_embeddings": True}, encoder, data, tmp_path / "run", "toy")
    before, after = (AutoModel.from_pretrained(path).state_dict() for path in (encoder, tmp_path / "run"))
    assert torch.equal(before["embeddings.word_embeddings.weight"], after["embeddings.word_embeddings.weight"])
    assert not torch.equal(before["encoder.layer.0.output.dense.weight"], after["encoder.layer.0.output.dense.weight"])


def test_a_grid_of_learning_rates_keeps_the_best_on_dev_and_reports_all(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    manifest = train(RECIPE | {"learning_rate": [1e-7, 5e-3], "epochs": 6}, encoder, data, tmp_path / "run", "toy")
    assert manifest["learning_rate"] == 5e-3
    assert [trial["learning_rate"] for trial in manifest["tuning"]] == [1e-7, 5e-3]
    assert manifest["tuning"][0]["dev"] < manifest["tuning"][1]["dev"]


def test_best_dev_weights_are_kept_unless_the_recipe_wants_the_last(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    scores = iter([10.0, 90.0, 20.0, 10.0, 90.0, 20.0])
    monkeypatch.setattr(training_data.metrics, "score", lambda *arguments: next(scores))
    best = train(RECIPE, encoder, data, tmp_path / "best", "toy")
    last = train(RECIPE | {"selection": "last"}, encoder, data, tmp_path / "last", "toy")
    assert (best["history"]["best_step"], last["history"]["best_step"]) == (24, 36)
    assert weights_of(tmp_path / "best") != weights_of(tmp_path / "last")


def test_the_head_of_an_earlier_phase_is_dropped_and_its_encoder_kept(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    train(RECIPE, encoder, data, tmp_path / "intermediate", "toy")
    trained = AutoModelForSequenceClassification.from_pretrained(tmp_path / "intermediate")
    torch.manual_seed(0)
    model = fresh_head(tmp_path / "intermediate", "AutoModelForSequenceClassification", ("0", "1"))
    assert torch.equal(
        trained.roberta.encoder.layer[1].output.dense.weight, model.roberta.encoder.layer[1].output.dense.weight
    )
    assert not torch.equal(trained.classifier.out_proj.weight, model.classifier.out_proj.weight)


@pytest.mark.parametrize("before", ["classification", "tagging"])
@pytest.mark.parametrize("after", ["span_qa", "multiple_choice"])
def test_a_head_without_labels_fits_after_one_with_many(before, after, encoder, data, tmp_path, monkeypatch):
    monkeypatch.setitem(LABELS, before, ("0", "1", "NOUN", "ADJ", "X"))
    pretend_task(monkeypatch, before)
    train(RECIPE | {"epochs": 0.1}, encoder, data, tmp_path / "intermediate", "toy")
    pretend_task(monkeypatch, after)
    manifest = train(RECIPE | {"epochs": 8}, tmp_path / "intermediate", data, tmp_path / "target", "toy")
    assert manifest["history"]["best_score"] > 90


@pytest.mark.parametrize("task_type", LABELLED)
def test_a_cut_batch_has_the_padded_batchs_gradient_to_ten_digits(task_type, encoder):
    tokenizer = load_tokenizer(encoder)
    head = HEADS[task_type](LABELS[task_type], tokenizer, RECIPE)
    items = head.encode(rows_of(task_type, 16), train=True)
    torch.manual_seed(0)
    model = fresh_head(encoder, head.auto_class, LABELS[task_type]).double().eval()
    monkey = copy.deepcopy(head)
    gradients = []
    for parts in ([items], micro_batches(items, 48)):
        model.zero_grad()
        for part in parts:
            loss = _double_loss(monkey, monkey.forward(model, part, torch.device("cpu")), part)
            (loss / sum(map(head.units, items))).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    assert len(micro_batches(items, 48)) > 1
    assert torch.allclose(gradients[0], gradients[1], rtol=0, atol=1e-10)


def _double_loss(head, outputs, items):
    """The head's loss without its cast to float32, which would hide the ninth digit."""
    for name in ("logits", "start_logits", "end_logits"):
        if name in outputs:
            outputs[name] = _Double(outputs[name])
    return head.terms(outputs, items).loss()


class _Double(torch.Tensor):
    """A float64 tensor whose ``float()`` keeps its precision."""

    @staticmethod
    def __new__(cls, tensor):
        return tensor.as_subclass(cls)

    def float(self):
        return self


def test_a_diverging_run_stops_with_what_to_change_and_leaves_nothing(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    with pytest.raises(XstiltsError, match=r"loss is nan at step \d+ of 36, rows .*; lower learning_rate"):
        train(RECIPE | {"learning_rate": [1e38], "max_grad_norm": 1e38}, encoder, data, tmp_path / "run", "toy")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile wants a C++ compiler")
@pytest.mark.parametrize(
    ("method", "options"),
    [("standard", {}), ("r3f", {"epsilon": 0.5}), ("smart", {"noise": 0.1, "epsilon": 0.2, "step_size": 0.05})],
)
def test_a_compiled_model_trains_to_the_same_loss(method, options, data, tmp_path, monkeypatch):
    """Perturbations are so large that the loss without them would be another."""
    pretend_task(monkeypatch, "classification")
    still = tiny_encoder(tmp_path / "encoder", dropout=0.0, layers=1)
    losses = {}
    for compiled in (False, True):
        recipe = RECIPE | {"compile": compiled, "epochs": 0.5, "method": method}
        recipe["methods"] = methods.resolve(method, {method: options})
        manifest = train(recipe, still, data, tmp_path / str(compiled), "toy")
        losses[compiled] = [entry["loss"] for entry in manifest["history"]["loss"]]
    assert losses[True] == pytest.approx(losses[False], rel=1e-4)
    load_model(tmp_path / "True", "AutoModelForSequenceClassification")


def test_compiling_without_a_compiler_says_what_to_do(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(XstiltsError, match="compile: true wants a compiler, and no-such-compiler is not"):
        train(RECIPE | {"compile": True}, encoder, data, tmp_path / "run", "toy")


def test_a_full_disk_while_the_checkpoint_is_saved_leaves_the_old_one_whole(
    encoder, data, tmp_path, monkeypatch, capsys
):
    pretend_task(monkeypatch, "classification")
    before = train(RECIPE | {"epochs": 0.1}, encoder, data, tmp_path / "run", "toy")

    def full(tokenizer, folder, **options):
        raise OSError(28, "No space left on device", str(folder))

    command = ["train", "--label", "toy", "--recipe", json.dumps(RECIPE | {"epochs": 0.2}), "--parent", str(encoder)]
    command += ["--data", str(data[0]), "--output", str(tmp_path / "run")]
    with monkeypatch.context() as patched:
        patched.setattr("transformers.PreTrainedTokenizerBase.save_pretrained", full)
        with pytest.raises(SystemExit) as ended:
            main(command)
    assert ended.value.code == 2
    assert "No space left on device; free space or check permissions" in capsys.readouterr().err
    assert verify(tmp_path / "run")["files"] == before["files"]


def test_a_flipped_byte_in_the_parents_weights_is_named(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    train(RECIPE, encoder, data, tmp_path / "parent", "toy")
    weights = tmp_path / "parent" / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    with pytest.raises(CheckpointError, match=r"model\.safetensors: corrupt"):
        train(RECIPE, tmp_path / "parent", data, tmp_path / "run", "toy")


def test_automatic_precision_leaves_emulated_bf16_alone(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    with autocast(torch.device("cuda"), "auto"):
        assert not torch.is_autocast_enabled("cuda")


def test_a_gpu_multiplies_matrices_in_a_fixed_order(monkeypatch):
    """Where torch is told nothing of cuBLAS, it warns at every matrix product."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    assert prepare_torch().type == "cpu"
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    with monkeypatch.context() as pretended:
        pretended.setattr(torch.cuda, "is_available", lambda: True)
        assert prepare_torch().type == "cuda"
    assert os.environ.pop("CUBLAS_WORKSPACE_CONFIG") == ":4096:8"
    prepare_torch()


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 989.4),
        ("NVIDIA H100 PCIe", 756.0),
        ("NVIDIA H100 NVL", 835.5),
        ("NVIDIA H200", 989.4),
        ("NVIDIA A100-SXM4-80GB", 312.0),
        ("NVIDIA L40", 181.0),
        ("NVIDIA L4", 121.0),
        ("NVIDIA A10", None),
        ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", None),
        ("cpu, 2 thread(s)", None),
    ],
)
def test_a_devices_peak_is_that_of_its_data_sheet(name, peak):
    assert named_peak(name) == (None if peak is None else peak * 1e12)


def test_a_process_that_drew_no_example_tells_of_what_all_did():
    class Idle(World):
        def totals(self, values, device):
            return [here + there for here, there in zip(values, (6, 8, 16.0, 80.0, 0.0), strict=True)]

    history = History(steps=2, step_seconds=2.0)
    history.count(Idle(1, 2), torch.device("cpu"), {})
    history.finish(1)
    assert (history.tokens_per_second, history.examples_per_second, history.padding) == (3.0, 1.0, 0.25)


def test_a_checkpoint_of_another_task_type_is_refused(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    train(RECIPE, encoder, data, tmp_path / "run", "toy")
    with pytest.raises(CheckpointError, match="another type of task"):
        load_model(tmp_path / "run", "AutoModelForQuestionAnswering")


@pytest.mark.parametrize(
    ("architecture", "options", "on_gpu"),
    [
        ("XLMRoberta", {}, ("sdpa", "sdpa_packed")),
        ("DebertaV2", {}, ("eager", "eager")),
        ("RemBert", {"input_embedding_size": 8, "output_embedding_size": 8}, ("eager", "eager")),
    ],
)
def test_attention_is_fused_on_gpus_where_the_architecture_has_it(architecture, options, on_gpu, tmp_path, monkeypatch):
    sizes = {"vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = getattr(transformers, f"{architecture}Config")(**sizes, intermediate_size=16, pad_token_id=1, **options)
    with atomic_directory(tmp_path / "encoder") as folder:
        getattr(transformers, f"{architecture}Model")(config).save_pretrained(folder)
        write_json(folder / MANIFEST, {"files": file_table(folder)})
    for has_gpu, attention in ((False, ("eager", "eager")), (True, on_gpu)):
        monkeypatch.setattr(torch.cuda, "is_available", lambda found=has_gpu: found)
        encoder = load_encoder(tmp_path / "encoder")
        model = fresh_head(tmp_path / "encoder", "AutoModelForTokenClassification", ("0", "1"))
        assert (encoder.config._attn_implementation, model.config._attn_implementation) == attention


ROBERTA = transformers.XLMRobertaConfig, {"pad_token_id": 1, "max_position_embeddings": 42}
BERT = transformers.BertConfig, {"max_position_embeddings": 40}
DEBERTA = transformers.DebertaV2Config, {"relative_attention": True, "position_biased_input": False}


@pytest.mark.parametrize(("architecture", "longest"), [(ROBERTA, 40), (BERT, 40), (DEBERTA, None)])
def test_the_longest_input_is_the_longest_that_an_encoder_takes(architecture, longest):
    config, options = architecture
    sizes = {"vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    encoder = AutoModel.from_config(config(**sizes, intermediate_size=16, **options))
    assert longest_input(encoder) == longest
    encoder(torch.full((1, longest or 100), 7))
    if longest is not None:
        with pytest.raises((IndexError, RuntimeError)):
            encoder(torch.full((1, longest + 1), 7))


def test_a_max_length_beyond_the_encoders_positions_is_refused(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    with pytest.raises(XstiltsError, match=r"toy: max_length is 129, but .*tiny has positions for 128 tokens; set"):
        train(RECIPE | {"max_length": 129}, encoder, data, tmp_path / "run", "toy")


def test_the_manifest_says_where_the_checkpoint_comes_from(encoder, data, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    train(RECIPE, encoder, data, tmp_path / "run", "toy", curves=tmp_path / "curves")
    manifest = json.loads((tmp_path / "run" / MANIFEST).read_text())
    assert manifest["recipe"] == RECIPE
    assert set(manifest["parents"]) == {"checkpoint"}
    assert set(manifest["data"]) == {"toy"}
    assert manifest["rows"] == {"train": 192, "dev": 48, "items": 192}
    assert {"torch", "transformers", "xstilts"} <= set(manifest["versions"])
    assert manifest["history"]["tokens_per_second"] > 0
    assert 0 <= manifest["history"]["padding"] < 1
    assert list((tmp_path / "curves").rglob("events.out.tfevents.*"))
