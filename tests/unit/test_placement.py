"""Everything that a step computes is computed where the model is; without a GPU, on a device that computes nothing."""

import random

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from tiny import LABELS, RECIPE, rows_of
from xstilts.models.heads import HEADS
from xstilts.models.heads.masked_lm import MaskedLM
from xstilts.models.learner import Learner
from xstilts.models.load import load_tokenizer
from xstilts.training import methods
from xstilts.training.cartography import gold_probabilities
from xstilts.training.passes import Passes

ELSEWHERE = torch.device("meta")
OBJECTIVES = [name for name, method in methods.registry().items() if method.role == "objective"]


def head_and_items(encoder, task_type):
    head = HEADS[task_type](LABELS[task_type], load_tokenizer(encoder), RECIPE)
    items = head.encode(rows_of(task_type, 6), train=True)
    return head, [head.mask(item, random.Random(1)) for item in items] if isinstance(head, MaskedLM) else items


@pytest.mark.parametrize("task_type", LABELS)
def test_a_step_mixes_no_devices(task_type, encoder, monkeypatch):
    """With attention as GPUs have it."""
    monkeypatch.setattr("xstilts.models.load._attention", lambda: {"attn_implementation": "sdpa"})
    head, items = head_and_items(encoder, task_type)
    learner = Learner(encoder, {"head": head}).to(ELSEWHERE).train()
    model = learner.models["head"]
    # Real tensors are taken in, and refused where two devices meet.
    with FakeTensorMode(allow_non_fake_inputs=True):
        for name in OBJECTIVES:
            method = methods.get(name)
            passes = Passes(model, head, items, 6.0, ELSEWHERE)
            assert method(method.resolve({})).backward(passes).device == ELSEWHERE
        outputs = passes.outputs()
        assert head.terms(outputs, items).item_losses(len(items)).device == ELSEWHERE
        assert gold_probabilities(task_type, head, items, outputs).device.type == "cpu"


def test_two_devices_that_meet_are_noticed(encoder, monkeypatch):
    head, items = head_and_items(encoder, "span_qa")
    model = Learner(encoder, {"head": head}).to(ELSEWHERE).models["head"]
    monkeypatch.setattr(head, "_outside", lambda outputs, items: torch.zeros(outputs.start_logits.shape, dtype=bool))
    with FakeTensorMode(allow_non_fake_inputs=True):
        passes = Passes(model, head, items, 6.0, ELSEWHERE)
        with pytest.raises(RuntimeError, match="same device"):
            passes.loss(passes.outputs())


@pytest.mark.parametrize("task_type", LABELS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_activations_computed_twice_change_no_bit_of_any_methods_gradient(task_type, precision, encoder):
    """Neither perturbations of the embeddings nor dropout masks are lost on the way."""
    head, items = head_and_items(encoder, task_type)
    for name in OBJECTIVES:
        found = []
        for again in (False, True):
            torch.manual_seed(0)
            learner = Learner(encoder, {"head": head}).train()
            if again:
                learner.encoder.activation_checkpointing_enable()
            method = methods.get(name)
            cast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
            passes = Passes(learner.models["head"], head, items, 6.0, torch.device("cpu"), lambda cast=cast: cast)
            method(method.resolve({})).backward(passes)
            found.append(torch.cat([p.grad.flatten() for p in learner.parameters() if p.grad is not None]))
        assert found[0].isfinite().all(), name
        assert torch.equal(*found), name
