"""Packed passes and replayed ones compute what padded ones do; on a CPU, where a capture is a function called again."""

import itertools
import json

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from tiny import LABELS, RECIPE, rows_of
from xstilts.models import graphs, packing
from xstilts.models.heads import HEADS
from xstilts.models.learner import Learner
from xstilts.models.load import load_tokenizer
from xstilts.training import loop, methods
from xstilts.training.attempt import Attempt
from xstilts.training.batching import attention_pairs, real_tokens
from xstilts.training.loop import _backward_within_memory, item_losses
from xstilts.training.parallel import World
from xstilts.training.passes import Passes
from xstilts.training.setting import Setting
from xstilts.training.streams import Stream

CPU = torch.device("cpu")
KINDS = ["SequenceClassification", "TokenClassification", "QuestionAnswering", "MultipleChoice", "MaskedLM"]
LENGTHS = [5, 17, 1, 30, 12, 9]


def bf16():
    return torch.autocast("cpu", torch.bfloat16)


def small_model(architecture, kind="SequenceClassification"):
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "embedding_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = transformers.AutoConfig.for_model(
        architecture, vocab_size=60, intermediate_size=64, pad_token_id=1, max_position_embeddings=80, **sizes
    )
    return getattr(transformers, f"AutoModelFor{kind}").from_config(config, attn_implementation="eager").double().eval()


def padded_inputs():
    generator = torch.Generator().manual_seed(0)
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.randint(5, 60, mask.shape, generator=generator)
    return {"input_ids": ids.where(mask.bool(), torch.tensor(1)), "attention_mask": mask}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("architecture", packing.ARCHITECTURES)
def test_a_packed_pass_computes_what_a_padded_one_does(architecture, kind):
    model, inputs = small_model(architecture, kind), padded_inputs()
    mask = inputs["attention_mask"]
    if kind == "MultipleChoice":
        inputs = {name: tensor.view(3, 2, -1) for name, tensor in inputs.items()}

    def computed(inputs):
        model.zero_grad()
        outputs = model(**inputs)
        logits = outputs.start_logits + outputs.end_logits if kind == "QuestionAnswering" else outputs.logits
        if len(logits) == len(mask) and logits.ndim > 1 and logits.shape[1] == mask.shape[1]:
            logits = logits[mask.bool()]
        logits.square().sum().backward()
        return logits.detach(), torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])

    expected = computed(inputs)
    packing.enable(model)
    given = packing.packed(model, inputs, LENGTHS)
    assert "attention_mask" not in given
    for found in (computed(given), computed(inputs)):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-10)


def test_torchs_operator_takes_what_packed_attention_gives_it_on_a_gpu():
    """It is torch's own business: another version may change it."""
    schema = torch.ops.aten._flash_attention_forward.default._schema
    names = ["query", "key", "value", "cum_seq_q", "cum_seq_k", "max_q", "max_k", "dropout_p", "is_causal"]
    assert [argument.name for argument in schema.arguments[:10]] == [*names, "return_debug_mask"]
    assert "scale" in [argument.name for argument in schema.arguments if argument.kwarg_only]
    assert schema.returns[0].name == "output"


def test_other_architectures_stay_as_they_are():
    model = small_model("xlm-roberta")
    model.config.model_type = "deberta-v2"
    packing.enable(model)
    assert not packing.enabled(model)
    assert packing.packed(model, padded_inputs(), LENGTHS).keys() == {"input_ids", "attention_mask"}


def test_a_checkpoint_says_nothing_of_how_it_was_trained(tmp_path):
    model = small_model("xlm-roberta")
    packing.enable(model)
    model.save_pretrained(tmp_path)
    assert packing.ATTENTION not in json.dumps(json.loads((tmp_path / "config.json").read_text()))


@given(st.lists(st.integers(1, 300), min_size=1, max_size=40))
def test_a_packing_has_every_token_once_and_whole_tiles(lengths):
    width = max(lengths)
    found = packing.pack_lengths(lengths, width)
    expected = [row * width + token for row, length in enumerate(lengths) for token in range(length)]
    assert found.places[: found.tokens].tolist() == expected
    assert len(found.places) % 128 == 0
    assert len(found.places) - found.tokens < 128
    sizes = found.starts.diff()
    assert sizes[: len(lengths)].tolist() == lengths
    assert sizes.sum() == len(found.places)
    assert found.longest >= sizes.max()
    assert len(found.starts) % 16 == 0


@pytest.fixture
def recorded(monkeypatch):
    """Captures that hold a function; a GPU's would not run what is captured, so neither may this show."""
    made = []

    def record(compute, pool):
        made.append(compute)
        if compute.__name__ == "_forward":
            compute()
        return compute

    monkeypatch.setattr(graphs, "record", record)
    return made


def learner_of(encoder, task_type, *, replay):
    torch.manual_seed(0)
    head = HEADS[task_type](LABELS[task_type], load_tokenizer(encoder), RECIPE)
    learner = Learner(encoder, {"head": head}).train()
    packing.enable(learner.models["head"])
    if replay:
        graphs.enable(learner.encoder)
    return learner, head, head.encode(rows_of(task_type, 40), train=True)


def gradients(encoder, task_type, method, *, replay, cuts=(6,)):
    """After two steps, of which each takes passes of different sizes."""
    learner, head, items = learner_of(encoder, task_type, replay=replay)
    found = []
    for _ in range(2):
        for start, end in itertools.pairwise((0, *cuts, 40)):
            part = items[start:end]
            method(method.resolve({})).backward(Passes(learner.models["head"], head, part, 80.0, CPU, bf16))
        found += [p.grad.clone() for p in learner.parameters() if p.grad is not None]
        learner.zero_grad(set_to_none=True)
    return torch.cat([gradient.flatten() for gradient in found])


@pytest.mark.parametrize("name", ["standard", "fgm", "freelb", "pgd"])
@pytest.mark.parametrize("task_type", ["classification", "multiple_choice", "span_qa", "tagging"])
def test_replayed_passes_add_up_to_the_same_bits(task_type, name, encoder, recorded):
    """With the same dropout masks, whatever was drawn for the capture."""
    started = gradients(encoder, task_type, methods.get(name), replay=False)
    assert not recorded
    assert torch.equal(gradients(encoder, task_type, methods.get(name), replay=True), started)
    assert len(recorded) >= 2


@pytest.mark.parametrize("name", ["r3f", "smart"])
@pytest.mark.parametrize("task_type", ["classification", "multiple_choice", "span_qa", "tagging"])
def test_two_passes_under_way_do_not_disturb_each_other(name, task_type, encoder, recorded):
    method = methods.get(name)
    started = gradients(encoder, task_type, method, replay=False, cuts=())
    assert torch.equal(gradients(encoder, task_type, method, replay=True, cuts=()), started)
    replayed = {compute.__self__.place for compute in recorded}
    assert len(replayed) == 2
    # Several micro-batches are added up in another order: not each one's two passes first.
    started = gradients(encoder, task_type, method, replay=False)
    torch.testing.assert_close(gradients(encoder, task_type, method, replay=True), started, rtol=1e-4, atol=1e-7)


def test_a_pass_for_the_input_alone_leaves_the_parameters_gradients(encoder, recorded):
    learner, head, items = learner_of(encoder, "classification", replay=True)
    passes = Passes(learner.models["head"], head, items[:8], 8.0, CPU, bf16)
    gradient = passes.ascent(passes.zeros(), passes.loss)
    assert [compute.__name__ for compute in recorded] == ["_forward", "_backward"]
    assert gradient.any()
    assert all(parameter.grad is None for parameter in learner.parameters())


def test_passes_without_gradients_are_replayed_too(encoder, recorded):
    learner, head, items = learner_of(encoder, "classification", replay=False)
    expected = item_losses(learner.models["head"], head, items, CPU, 200, "bf16")
    graphs.enable(learner.encoder)
    for _ in range(2):
        assert torch.equal(item_losses(learner.models["head"], head, items, CPU, 200, "bf16"), expected)
    assert {compute.__name__ for compute in recorded} == {"_forward"}
    assert len(recorded) == len({compute.__self__ for compute in recorded}) > 1


def test_the_capture_that_was_used_longest_ago_makes_room(encoder, recorded, monkeypatch):
    monkeypatch.setattr(graphs, "_MOST", 2)
    learner, head, items = learner_of(encoder, "span_qa", replay=True)
    standard = methods.get("standard")({})

    def captured_for(part):
        before = len(recorded)
        standard.backward(Passes(learner.models["head"], head, part, 8.0, CPU, bf16))
        return len(recorded) > before

    small, middle, large = items[:3], items[:20], items[:40]
    assert [captured_for(part) for part in (small, middle, small, large, small, middle)] == [1, 1, 0, 1, 0, 1]


def test_gradients_that_other_passes_left_are_kept(encoder, recorded):
    learner, head, items = learner_of(encoder, "classification", replay=True)
    standard = methods.get("standard")({})

    def passes():
        return Passes(learner.models["head"], head, items[:8], 8.0, CPU, bf16)

    torch.manual_seed(0)
    standard.backward(passes())
    once = [p.grad.clone() for p in learner.parameters()]
    for parameter, gradient in zip(learner.parameters(), once, strict=True):
        parameter.grad = torch.ones_like(gradient)
    torch.manual_seed(0)
    standard.backward(passes())
    for parameter, gradient in zip(learner.parameters(), once, strict=True):
        torch.testing.assert_close(parameter.grad, 1 + gradient)


def stepper(encoder, recorded, monkeypatch, fits):
    """A step over so many items: how many passes it captured; ``fits`` says whether there is memory for one."""
    learner, head, items = learner_of(encoder, "span_qa", replay=True)
    recipe = RECIPE | {"micro_batch_tokens": 16384, "precision": "bf16"}
    setting = Setting.of(recipe, learner.encoder, head.tokenizer, CPU, World(), {})
    attempt = Attempt(learner, setting, recipe, 1, 1e-3, None, print)
    stream = Stream("toy", "head", "span_qa", "exact_match", head, [], items, [], [])
    computed = graphs._Pass._computed

    def limited(known):
        if not fits(known):
            raise torch.OutOfMemoryError("out of memory")
        return computed(known)

    def step(count):
        recorded.clear()
        _backward_within_memory(attempt, stream, items[:count], 40.0, methods.get("standard")({}), None)
        return len(recorded) // 2

    monkeypatch.setattr(graphs._Pass, "_computed", limited)
    return attempt, step


def test_memory_that_runs_out_halves_passes_and_in_the_end_drops_graphs(encoder, recorded, monkeypatch, capsys):
    most = [4096]
    attempt, step = stepper(encoder, recorded, monkeypatch, lambda known: known._hidden.shape[1] <= most[0])
    monkeypatch.setattr(loop, "_LEAST_REPLAYED", 100)
    assert [step(40), step(40)] == [1, 0]
    assert not capsys.readouterr().out
    most[0] = 256
    assert step(40) >= 2
    assert capsys.readouterr().out.startswith("out of memory: passes of at most ")
    most[0] = 0
    assert step(40) == 0
    assert capsys.readouterr().out.endswith("out of memory: without CUDA graphs from here on\n")
    assert attempt.setting.budget >= 100
    assert attempt.state()[1]["replays"] is False
    assert not graphs.drop(attempt.setting.encoder)


def test_a_resumed_run_that_had_dropped_its_graphs_does_without(encoder, recorded, monkeypatch):
    attempt, step = stepper(encoder, recorded, monkeypatch, lambda known: True)
    tensors, facts = attempt.state()
    attempt.restore(tensors, facts)
    assert step(8) == 1
    attempt.restore(tensors, facts | {"replays": False})
    assert step(8) == 0


def test_memory_that_captures_alone_take_is_given_back_in_silence(encoder, recorded, monkeypatch, capsys):
    """Here two fit."""

    def fits(known):
        return hasattr(known, "kind") or len(known.place.captured) < 2

    _, step = stepper(encoder, recorded, monkeypatch, fits)
    assert [step(3), step(20), step(3), step(40), step(40), step(3)] == [1, 1, 0, 1, 0, 1]
    assert not capsys.readouterr().out


def test_memory_that_captures_take_is_given_back_outside_a_step_too(encoder, recorded, monkeypatch):
    """A method's own passes cannot be done again."""
    computed, tried = graphs._Pass._computed, []

    def limited(known):
        if not hasattr(known, "kind"):
            tried.append(known)
            if len(known.place.captured) == 2:
                raise torch.OutOfMemoryError("out of memory")
        return computed(known)

    monkeypatch.setattr(graphs._Pass, "_computed", limited)
    learner, head, items = learner_of(encoder, "span_qa", replay=True)
    for count in (3, 20, 40):
        item_losses(learner.models["head"], head, items[:count], CPU, 16384, "bf16")
    assert len(recorded) == 3
    assert len(tried) == 4


def test_the_optimisers_memory_is_taken_before_the_first_pass(encoder, recorded, monkeypatch):
    attempt, _ = stepper(encoder, recorded, monkeypatch, lambda known: True)
    tensors, _ = attempt.state()
    assert all(f"optimizer/exp_avg_sq/{name}" in tensors for name in attempt.trained)


def test_dropped_graphs_are_not_made_again(encoder, recorded):
    learner, head, items = learner_of(encoder, "classification", replay=True)
    assert graphs.drop(learner.encoder)
    assert not graphs.drop(learner.encoder)
    methods.get("standard")({}).backward(Passes(learner.models["head"], head, items, 40.0, CPU, bf16))
    assert not recorded
    assert not graphs.drop(Learner(encoder, {"head": head}).encoder)


def test_a_capture_that_fails_is_said_and_the_pass_is_started(encoder, monkeypatch):
    def record(compute, pool):
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(graphs, "record", record)
    started = gradients(encoder, "classification", methods.get("standard"), replay=False)
    with pytest.warns(UserWarning, match=r"no CUDA graphs from here on: CUDA error: .* capturing$"):
        assert torch.equal(gradients(encoder, "classification", methods.get("standard"), replay=True), started)


def test_a_capture_that_fails_leaves_the_pass_that_is_under_way(encoder, recorded, monkeypatch):
    start = graphs.record

    def record(compute, pool):
        if len(recorded) == 2:
            raise RuntimeError("CUDA error")
        return start(compute, pool)

    monkeypatch.setattr(graphs, "record", record)
    started = gradients(encoder, "classification", methods.get("r3f"), replay=False)
    with pytest.warns(UserWarning, match="no CUDA graphs from here on"):
        replayed = gradients(encoder, "classification", methods.get("r3f"), replay=True)
    torch.testing.assert_close(replayed, started, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("budget", [16384, 100])
def test_a_packed_step_is_cut_and_counted_without_padding(budget, encoder):
    learner, head, items = learner_of(encoder, "span_qa", replay=False)
    recipe = RECIPE | {"micro_batch_tokens": budget}
    setting = Setting.of(recipe, learner.encoder, head.tokenizer, CPU, World(), {})
    parts = setting.cut(items)
    assert sorted(item.row for part in parts for item in part) == sorted(item.row for item in items)
    assert all(real_tokens(part) <= budget for part in parts)
    assert len(parts) <= 2 * -(-real_tokens(items) // budget)
    for part in parts:
        setting.count_passes(part, 1.0)
    assert setting.counted == {"passed_tokens": real_tokens(items), "token_pairs": attention_pairs(items)}
