"""Dropout on a CPU is dropout: its shares, its expectation, its gradient, its seed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from tiny import LABELS, RECIPE, pretend_task, rows_of
from xstilts.artifacts import MANIFEST, verify, write_json
from xstilts.models.heads import HEADS
from xstilts.models.load import fresh_head, load_tokenizer
from xstilts.training.dropout import cheap_dropout
from xstilts.training.job import train

CPU = torch.device("cpu")


@pytest.fixture
def cheap():
    torch.manual_seed(5)
    with cheap_dropout(CPU, compiled=False):
        yield


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 0.9), st.integers(1, 3), st.integers(0, 1000))
def test_units_are_dropped_with_their_probability_wherever_they_stand(p, dimensions, seed):
    shape = {1: (4001,), 2: (67, 61), 3: (3, 37, 41)}[dimensions]
    torch.manual_seed(seed)
    with cheap_dropout(CPU, compiled=False):
        masks = torch.stack([functional.dropout(torch.ones(shape), p, training=True) for _ in range(25)])
    kept = (masks != 0).double()
    places = kept.flatten(1)
    # Four units share a draw of 64 bits: each of the four, and the first and the last units, on their own.
    for some in (places, *(places[:, start::4] for start in range(4)), places[:, :100], places[:, -100:]):
        deviation = (p * (1 - p) / some.numel()) ** 0.5
        assert abs(float(some.mean()) - (1 - p)) < 6 * deviation + 2**-16
    assert masks[masks != 0].unique().numel() == 1
    assert float(masks.max()) == pytest.approx(1 / (1 - p), rel=2e-4)


def test_neighbouring_units_are_dropped_independently(cheap):
    kept = (functional.dropout(torch.ones(400_000), 0.5, training=True) != 0).double()
    for distance in (1, 2, 3, 4, 8):
        correlation = torch.corrcoef(torch.stack([kept[:-distance], kept[distance:]]))[0, 1]
        assert abs(float(correlation)) < 6 / 400_000**0.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_gradient_is_the_mask_that_the_forward_pass_used(dtype, cheap):
    units = torch.ones(7, 13, dtype=dtype, requires_grad=True)
    out = functional.dropout(units, 0.3, training=True)
    out.sum().backward()
    assert out.dtype == dtype
    assert torch.equal(units.grad, out.detach())
    assert 0 < int((out == 0).sum()) < out.numel()


def test_the_same_generator_state_gives_the_same_mask(cheap):
    state = torch.get_rng_state()
    first, other = (functional.dropout(torch.ones(9, 9), 0.1) for _ in range(2))
    torch.set_rng_state(state)
    assert torch.equal(functional.dropout(torch.ones(9, 9), 0.1), first)
    assert not torch.equal(first, other)


def test_nothing_is_dropped_in_evaluation_or_at_zero_and_everything_at_one(cheap):
    units = torch.randn(5, 5)
    assert functional.dropout(units, 0.5, training=False) is units
    assert torch.equal(torch.nn.Dropout(0.0)(units), units)
    assert not torch.nn.Dropout(1.0)(units).any()
    with pytest.raises(ValueError, match="probability"):
        functional.dropout(units, 1.5)


@pytest.mark.parametrize("part", ["attention.self.dropout", "output.dropout"])
def test_a_models_own_dropout_its_attentions_included_draws_such_masks(part, encoder):
    head = HEADS["classification"](LABELS["classification"], load_tokenizer(encoder), RECIPE)
    items = head.encode(rows_of("classification", 4), train=True)
    model = fresh_head(encoder, head.auto_class, LABELS["classification"]).train()
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5 if name.endswith(part) else 0.0
    logits = []
    for compiled in (True, True, False):
        torch.manual_seed(1)
        with cheap_dropout(CPU, compiled=compiled):
            logits.append(head.forward(model, items, CPU).logits)
    assert torch.equal(logits[0], logits[1])
    assert not torch.allclose(logits[0], logits[2])


def test_passes_computed_again_in_the_backward_pass_see_the_same_masks(encoder, tmp_path, monkeypatch):
    pretend_task(monkeypatch, "classification")
    write_json(tmp_path / "data" / MANIFEST, {})
    weights = []
    for again in (False, True):
        recipe = RECIPE | {"gradient_checkpointing": again}
        train(recipe, encoder, [tmp_path / "data"], tmp_path / str(again), "toy")
        weights.append(verify(tmp_path / str(again))["files"]["model.safetensors"]["sha256"])
    assert weights[0] == weights[1]
