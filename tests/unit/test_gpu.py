"""What only a GPU can show: packed passes, CUDA graphs, and a resume that changes no byte there."""

import contextlib
import random

import pytest
import torch

from tiny import LABELLED, LABELS, RECIPE, pretend_tasks, rows_of
from xstilts.artifacts import MANIFEST, write_json
from xstilts.models import graphs, packing
from xstilts.models.compiled import compile_layers
from xstilts.models.heads import HEADS
from xstilts.models.heads.masked_lm import MaskedLM
from xstilts.models.learner import Learner
from xstilts.models.load import load_tokenizer
from xstilts.seeds import rng
from xstilts.training import methods
from xstilts.training.job import train
from xstilts.training.parallel import deterministic
from xstilts.training.passes import Passes
from xstilts.training.state import StateDirectory

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
GPU = torch.device("cuda")
METHODS = ["standard", "fgm", "freelb", "r3f", "smart", "char_adversarial", "dann+char_noise+pgd"]

PARTS = ((0, 8), (8, 40))


def bf16():
    return torch.autocast("cuda", torch.bfloat16)


def gradient(
    encoder, task_type, *, name="standard", precision=bf16, replay=False, compiled=False, train=True, parts=PARTS
):
    """Of micro-batches of different sizes, one after the other, twice."""
    torch.manual_seed(0)
    head = HEADS[task_type](LABELS[task_type], load_tokenizer(encoder), RECIPE)
    items = head.encode(rows_of(task_type, 40), train=True)
    items = [head.mask(item, random.Random(1)) for item in items] if isinstance(head, MaskedLM) else items
    learner = Learner(encoder, {"head": head}).to(GPU).train(train)
    if compiled:
        compile_layers(learner.encoder)
    if replay:
        graphs.enable(learner.encoder)
    method = methods.get(name)
    found = []
    for _ in range(2):
        for start, end in parts:
            passes = Passes(learner.models["head"], head, items[start:end], 80.0, GPU, precision)
            method(method.resolve({})).backward(passes)
        found += [p.grad.flatten().clone() for p in learner.parameters() if p.grad is not None]
        learner.zero_grad(set_to_none=True)
    return torch.cat(found)


@pytest.mark.parametrize("name", ["standard", "fgm", "freelb", "pgd"])
@pytest.mark.parametrize("task_type", LABELS)
def test_a_replayed_pass_gives_the_bits_of_one_that_is_started_kernel_by_kernel(task_type, name, encoder):
    deterministic(packed=True)
    started = gradient(encoder, task_type, name=name)
    assert torch.equal(gradient(encoder, task_type, name=name, replay=True), started)


@pytest.mark.parametrize("name", ["r3f", "smart"])
@pytest.mark.parametrize("task_type", LABELLED)
def test_two_replayed_passes_under_way_give_the_bits_of_started_ones(task_type, name, encoder):
    """Of one micro-batch; several are added up in another order."""
    deterministic(packed=True)
    started = gradient(encoder, task_type, name=name, parts=((0, 40),))
    assert torch.equal(gradient(encoder, task_type, name=name, replay=True, parts=((0, 40),)), started)


@pytest.mark.parametrize("task_type", LABELS)
def test_a_packed_pass_gives_the_gradient_of_a_padded_one(task_type, encoder, monkeypatch):
    """As near to that in float32 as bf16 is."""
    deterministic(packed=False)
    exact = gradient(encoder, task_type, precision=contextlib.nullcontext, train=False)
    packed = gradient(encoder, task_type, train=False)
    monkeypatch.setattr(packing, "packs", lambda model, device: False)
    padded = gradient(encoder, task_type, train=False)
    assert 0 < (packed - exact).norm() < 2 * (padded - exact).norm()


@pytest.mark.parametrize("replay", [False, True])
def test_a_compiled_pass_gives_the_gradient_of_another(replay, encoder):
    """As near to that in float32 as bf16 is; with the same bits when it is compiled again."""
    deterministic(packed=False)
    exact = gradient(encoder, "span_qa", precision=contextlib.nullcontext, train=False)
    deterministic(packed=True)
    packed = gradient(encoder, "span_qa", train=False)
    compiled = gradient(encoder, "span_qa", compiled=True, replay=replay, train=False)
    assert 0 < (compiled - exact).norm() < 2 * (packed - exact).norm()
    dropped_out = gradient(encoder, "span_qa", compiled=True, replay=replay)
    torch._dynamo.reset()
    assert torch.equal(gradient(encoder, "span_qa", compiled=True, replay=replay), dropped_out)


@pytest.mark.parametrize(("method", "compiled"), [*((method, False) for method in METHODS), ("pgd", True)])
def test_kills_change_no_byte(method, compiled, encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, toy="classification", text="mlm")
    for name in ("toy", "text"):
        write_json(tmp_path / name / MANIFEST, {})
    text = {"task": "text", "languages": ["de", "en"], "examples": None}
    resolved = methods.resolve(method, {})
    recipe = RECIPE | {"method": method, "methods": resolved, "text": text, "epochs": 1, "precision": "bf16"}
    recipe["compile"] = compiled
    common = {"recipe": recipe, "parent": encoder, "data": [tmp_path / "toy"], "label": "toy", "state_minutes": 0.0}
    common["text"] = tmp_path / "text" if "dann" in method else None
    undisturbed = train(output=tmp_path / "whole", **common)
    left, marked = sorted(rng("kills", method).sample(range(2, 12), 2)), StateDirectory.mark

    def mark(self, position):
        marked(self, position)
        if left and position == left[0]:
            left.pop(0)
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(StateDirectory, "mark", mark)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                train(output=tmp_path / "killed", **common)
        resumed = train(output=tmp_path / "killed", **common)
    assert len(resumed["resumed"]) == 2
    assert resumed["files"]["model.safetensors"] == undisturbed["files"]["model.safetensors"]
