"""Each training method does what its paper says."""

import pytest
import torch

from tiny import LABELLED, LABELS, RECIPE, pretend_tasks, rows_of, tiny_encoder
from xstilts.artifacts import MANIFEST, write_json
from xstilts.errors import ConfigError
from xstilts.models.compiled import compile_layers
from xstilts.models.discriminator import GradientReversal
from xstilts.models.heads import HEADS
from xstilts.models.learner import Learner
from xstilts.models.load import load_tokenizer
from xstilts.training import data, methods
from xstilts.training.job import train
from xstilts.training.passes import Passes

# The toy encoder's embeddings are small and its vocabulary knows whole words only.
GENTLE = {
    "fgm": {"epsilon": 0.01},
    "pgd": {"step_size": 0.004, "epsilon": 0.01},
    "freelb": {"step_size": 0.01, "initial_magnitude": 0.01, "max_norm": 0.02},
    "char_noise": {"strength": 0.02},
    "char_adversarial": {"strength": 0.02},
    "dann": {"coefficient": 0.1},
}


def micro_batch(encoder, task_type, count=12):
    """A model with a head and one micro-batch of its items."""
    head = HEADS[task_type](LABELS[task_type], load_tokenizer(encoder), RECIPE)
    items = head.encode(rows_of(task_type, count), train=True)
    torch.manual_seed(0)
    model = Learner(encoder, {"head": head}).models["head"]
    units = sum(map(head.units, items))
    return model, head, Passes(model, head, items, units, torch.device("cpu"))


def method(name, **settings):
    found = methods.get(name)
    return found(found.resolve(settings))


def gradients(model):
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def record_deltas(passes, monkeypatch):
    """Every perturbation that a method runs the model with."""
    seen, outputs = [], passes.outputs

    def recorded(delta=None):
        seen.append(None if delta is None else delta.detach().clone())
        return outputs(delta)

    monkeypatch.setattr(passes, "outputs", recorded)
    return seen


@pytest.mark.parametrize("task_type", LABELLED)
def test_fgm_steps_by_epsilon_along_the_gradient_and_leaves_the_embeddings_alone(task_type, encoder, monkeypatch):
    model, _, passes = micro_batch(encoder, task_type)
    before = model.get_input_embeddings().weight.detach().clone()
    seen = record_deltas(passes, monkeypatch)
    model.eval()
    method("fgm", epsilon=0.5).backward(passes)
    clean, adversarial = seen
    assert not clean.any()
    assert torch.allclose(adversarial.flatten(1).norm(dim=1), torch.full((len(adversarial),), 0.5), atol=1e-5)
    assert torch.equal(model.get_input_embeddings().weight, before)
    with torch.no_grad():
        at_clean, at_adversarial = (float(passes.loss(passes.outputs(d))) for d in (clean, adversarial))
    assert at_adversarial > at_clean


@pytest.mark.parametrize(
    ("name", "settings", "done"),
    [
        ("standard", {}, 1),
        ("fgm", {}, 2),
        ("freelb", {"steps": 3}, 3),
        ("r3f", {}, 2),
        ("pgd", {"steps": 3}, 4 - 2 / 3),
        ("smart", {"steps": 2}, 4 - 2 / 3),
    ],
)
def test_what_a_method_computes_is_counted(name, settings, done, encoder):
    """A pass that only moves the perturbation has no gradients of the parameters: two thirds of a whole one."""
    _, _, passes = micro_batch(encoder, "classification")
    found = method(name, **settings)
    found.backward(passes)
    assert passes.done == pytest.approx(done)
    # What `xstilts plan` counts with before anything has run.
    assert found.passes(found.settings) == pytest.approx(done)


def test_a_method_of_two_passes_costs_twice_the_operations(encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, toy="classification")
    write_json(tmp_path / "toy" / MANIFEST, {})
    found = {}
    for name in ("standard", "fgm"):
        recipe = RECIPE | {"method": name, "methods": methods.resolve(name, {}), "epochs": 0.2}
        found[name] = train(recipe, encoder, [tmp_path / "toy"], tmp_path / name, "toy")
    assert found["fgm"]["cost"]["flops"] == 2 * found["standard"]["cost"]["flops"]
    assert found["fgm"]["history"]["tokens"] == found["standard"]["history"]["tokens"]


# Of the toy encoder with a classifier: two layers of attention, feed-forward and norms, the head's two.
TOY_PARAMETERS = 2 * (6 * (32 * 32 + 32) + 4 * 32) + (32 * 32 + 32) + (32 * 2 + 2)


def operations(tokens):
    """Of forward and backward passes over tokens in sequences of four, in the toy encoder: by hand."""
    return tokens * (6 * TOY_PARAMETERS + 12 * 2 * 32 * 4)


@pytest.mark.parametrize(
    ("name", "settings", "examples", "sentences", "discriminated"),
    [
        ("standard", {}, 1, 0, 0),
        ("char_adversarial", {"copies": 6}, 1 + 6 / 3, 0, 0),
        ("dann", {"batch_size": 8, "updates": 4, "hidden_size": 10}, 1, 8 * (1 + 4 / 3), 8 * (1 + 4)),
        ("char_adversarial+dann", {"copies": 3, "batch_size": 8, "updates": 4, "hidden_size": 10}, 2, 56 / 3, 40),
    ],
)
def test_operations_of_candidates_and_unlabelled_text_are_counted(
    name, settings, examples, sentences, discriminated, encoder, tmp_path, monkeypatch
):
    """Every sequence is cut to four tokens, so that nothing is padded and a count by hand is exact."""
    pretend_tasks(monkeypatch, toy="classification", text="mlm")
    for folder in ("toy", "text"):
        write_json(tmp_path / folder / MANIFEST, {})
    options = {
        part: {key: value for key, value in settings.items() if key in methods.get(part).options}
        for part in name.split("+")
    }
    recipe = RECIPE | {"method": name, "methods": methods.resolve(name, options), "epochs": 0.5, "max_length": 4}
    text = None
    if "dann" in name:
        recipe |= {"text": {"task": "text", "languages": ["de", "th"], "examples": 40}}
        text = tmp_path / "text"
    manifest = train(recipe, encoder, [tmp_path / "toy"], tmp_path / "run", "toy", text=text)
    steps = 192 * 0.5 / 16
    discriminator = (32 * 10 + 10) + (10 * 2 + 2)
    by_hand = operations(steps * 4 * (16 * examples + sentences)) + steps * 6 * discriminator * discriminated
    assert manifest["cost"]["flops"] == pytest.approx(by_hand)
    assert manifest["history"]["tokens"] == steps * 16 * 4


@pytest.mark.parametrize("task_type", LABELLED)
def test_pgd_projects_every_step_onto_its_ball(task_type, encoder, monkeypatch):
    model, _, passes = micro_batch(encoder, task_type)
    model.eval()
    seen = record_deltas(passes, monkeypatch)
    method("pgd", steps=4, step_size=0.3, epsilon=0.5).backward(passes)
    norms = [delta.flatten(1).norm(dim=1) for delta in seen]
    assert len(norms) == 5
    assert torch.allclose(norms[1], torch.full_like(norms[1], 0.3), atol=1e-5)
    assert all((norm <= 0.5 + 1e-5).all() for norm in norms)
    assert (norms[-1] > 0.4).any()


@pytest.mark.parametrize("task_type", LABELLED)
def test_pgd_trains_on_the_clean_and_the_last_point_only(task_type, encoder, monkeypatch):
    model, _, passes = micro_batch(encoder, task_type)
    model.eval()
    seen = record_deltas(passes, monkeypatch)
    method("pgd").backward(passes)
    found, last = gradients(model), seen[-1]
    model.zero_grad()
    (passes.loss(passes.outputs()) + passes.loss(passes.outputs(last))).backward()
    assert torch.allclose(found, gradients(model), atol=1e-6)


def test_freelb_of_one_step_of_no_size_is_standard_training_bit_for_bit(encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, toy="classification")
    write_json(tmp_path / "toy" / MANIFEST, {})
    resolved = methods.resolve("freelb", {"freelb": {"steps": 1, "step_size": 0.0, "initial_magnitude": 0.0}})
    runs = [
        train(RECIPE | change, encoder, [tmp_path / "toy"], tmp_path / name, name)
        for name, change in (("standard", {}), ("freelb", {"method": "freelb", "methods": resolved}))
    ]
    assert runs[0]["files"]["model.safetensors"]["sha256"] == runs[1]["files"]["model.safetensors"]["sha256"]


def test_freelb_sees_one_dropout_mask_in_all_its_steps(encoder, monkeypatch):
    model, _, passes = micro_batch(encoder, "classification")
    model.train()
    losses, loss = [], passes.loss

    def recorded(outputs):
        losses.append(loss(outputs).item())
        return loss(outputs)

    monkeypatch.setattr(passes, "loss", recorded)
    method("freelb", steps=3, step_size=0.0, initial_magnitude=0.0).backward(passes)
    assert len(losses) == 3
    assert len(set(losses)) == 1
    method("freelb", steps=3, step_size=0.5, initial_magnitude=0.0, max_norm=0.0).backward(passes)
    assert losses[3] < losses[4] < losses[5]


def test_freelb_keeps_every_sentence_within_its_norm(encoder, monkeypatch):
    model, _, passes = micro_batch(encoder, "classification")
    model.eval()
    seen = record_deltas(passes, monkeypatch)
    method("freelb", steps=5, step_size=0.2, initial_magnitude=0.1, max_norm=0.3).backward(passes)
    assert all((delta.flatten(1).norm(dim=1) <= 0.3 + 1e-5).all() for delta in seen)
    padding = (passes.mask == 0).expand_as(seen[0])
    assert all(not delta[padding].any() for delta in seen)


@pytest.mark.slow
def test_a_compiled_model_takes_perturbations_of_any_shape(encoder):
    head = HEADS["classification"](LABELS["classification"], load_tokenizer(encoder), RECIPE)
    items = head.encode(rows_of("classification", 12), train=True)
    learner = Learner(encoder, {"head": head})
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    compile_layers(learner.encoder, backend="eager")
    for count in (6, 8, 9, 11, 12):
        passes = Passes(learner.models["head"], head, items[:count], count, torch.device("cpu"))
        method("pgd", steps=1).backward(passes)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1


@pytest.mark.parametrize("name", ["smart", "r3f"])
@pytest.mark.parametrize("task_type", LABELLED)
def test_smoothness_is_zero_for_a_constant_model_and_positive_for_another(name, task_type, encoder):
    model, _, passes = micro_batch(encoder, task_type)
    model.eval()
    big = method(name, epsilon=0.5, **({"noise": 0.1, "step_size": 0.5} if name == "smart" else {}))
    plain = passes.loss(passes.outputs()).item()
    assert float(big.backward(passes)) > plain + 1e-7
    with torch.no_grad():
        for parameter in list(model.parameters())[-2:]:
            parameter.zero_()
    constant = passes.loss(passes.outputs()).item()
    assert float(big.backward(passes)) == pytest.approx(constant, abs=1e-7)


@pytest.mark.parametrize("name", ["standard", "fgm", "pgd", "freelb"])
@pytest.mark.parametrize("task_type", LABELLED)
def test_cutting_a_batch_leaves_every_objectives_gradient_as_it_is(name, task_type, encoder):
    """Perturbations are per sequence, so a sequence's share does not depend on its company."""
    settings = {"initial_magnitude": 0.0} if name == "freelb" else {}
    model, head, passes = micro_batch(encoder, task_type)
    model.eval()
    found = []
    for parts in ([passes.items], [passes.items[:5], passes.items[5:]]):
        model.zero_grad()
        for part in parts:
            method(name, **settings).backward(Passes(model, head, part, passes.units, torch.device("cpu")))
        found.append(gradients(model))
    assert torch.allclose(found[0], found[1], atol=2e-6)


def test_gradient_reversal_is_the_identity_forward_and_flips_exactly_backward():
    states = torch.randn(4, 8, requires_grad=True)
    weights = torch.randn(4, 8)
    reversed_states = GradientReversal.apply(states, 0.37)
    assert torch.equal(reversed_states, states)
    (reversed_states * weights).sum().backward()
    assert torch.equal(states.grad, -0.37 * weights)


SPOKEN = {"de": "left", "en": "right", "th": "where"}


def train_with_text(encoder, tmp_path, monkeypatch, **settings):
    """The manifest of a run with `dann` on text with a word for each language; without settings, with `standard`."""
    pretend_tasks(monkeypatch, toy="classification", text="mlm")
    load = data.load_rows

    def spoken(path, split, language):
        rows = load(path, split, language)
        return [row | {"text": f"{row['text']} {SPOKEN[language]}"} if "text" in row else row for row in rows]

    monkeypatch.setattr(data, "load_rows", spoken)
    for name in ("toy", "text"):
        write_json(tmp_path / name / MANIFEST, {})
    chosen = methods.resolve("dann", {"dann": settings}) if settings else []
    recipe = RECIPE | {
        "method": "dann" if settings else "standard",
        "methods": chosen,
        "learning_rate": [1e-3],
        "epochs": 9,
        "text": {"task": "text", "languages": list(SPOKEN), "examples": 40},
    }
    text = tmp_path / "text" if settings else None
    return train(recipe, encoder, [tmp_path / "toy"], tmp_path / "run", "toy", text=text)


def test_dann_reports_the_discriminator_beside_chance(encoder, tmp_path, monkeypatch):
    manifest = train_with_text(encoder, tmp_path, monkeypatch, coefficient=1.0)
    reports = manifest["history"]["method"]
    assert [report["step"] for report in reports] == [36, 72, 108]
    assert all(report["chance"] == pytest.approx(100 / 3) and 0 <= report["accuracy"] <= 100 for report in reports)
    assert set(manifest["data"]) == {"toy", "text"}


def test_what_the_discriminator_learns_from_asks_nothing_of_the_encoder(tmp_path, monkeypatch):
    still = tiny_encoder(tmp_path / "encoder", dropout=0.0)
    plain = train_with_text(still, tmp_path / "plain", monkeypatch)
    watched = train_with_text(still, tmp_path / "watched", monkeypatch, coefficient=0.0, learning_rate=0.01)
    assert watched["files"]["model.safetensors"] == plain["files"]["model.safetensors"]
    assert watched["history"]["method"][-1]["accuracy"] > 90


def test_a_reversed_gradient_hides_the_language_from_a_discriminator_that_learns(encoder, tmp_path, monkeypatch):
    found = []
    for coefficient in (0.0, 0.01):
        settings = {"coefficient": coefficient, "learning_rate": 0.01}
        history = train_with_text(encoder, tmp_path / str(coefficient), monkeypatch, **settings)["history"]
        assert history["best_score"] > 90
        found.append(history["method"][-1]["accuracy"])
    assert found[1] < found[0] - 15


@pytest.mark.slow
@pytest.mark.parametrize("name", methods.registry())
@pytest.mark.parametrize(
    ("task_type", "phase"), list(zip(LABELLED, ("intermediate", "target", "intermediate", "target"), strict=True))
)
def test_every_method_trains_every_task_type(name, task_type, phase, encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, toy=task_type, text="mlm")
    for folder in ("toy", "text"):
        write_json(tmp_path / folder / MANIFEST, {})
    recipe = RECIPE | {
        "learning_rate": [2e-3],
        "method": name,
        "methods": methods.resolve(name, {name: GENTLE[name]} if name in GENTLE else {}),
        "phase": phase,
        "epochs": 8,
        "text": {"task": "text", "languages": ["de", "en"], "examples": 40},
    }
    text = tmp_path / "text" if methods.get(name).needs_text else None
    manifest = train(recipe, encoder, [tmp_path / "toy"], tmp_path / "run", "toy", text=text)
    assert manifest["history"]["best_score"] > 90


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frelb", "did you mean freelb"),
        ("fgm+pgd", "both decide the objective"),
        ("char_noise+char_adversarial", "both decide the inputs"),
        ("char_adversarial+fgm", "both search for the worst input"),
    ],
)
def test_a_combination_that_makes_no_sense_is_refused_with_the_reason(text, message):
    with pytest.raises(ConfigError, match=message):
        methods.parse(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"freelb": {"step": 3}}, "has no option 'step'; it has: steps"),
        ({"freelb": {"steps": 0}}, "'steps' is 0; it must be 1 or more"),
        ({"freelb": {"steps": 1.5}}, "takes a value of type int"),
        ({"pgd": {}}, "which the recipe .freelb. does not use"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(options, message):
    with pytest.raises(ConfigError, match=message):
        methods.resolve("freelb", options)


def test_methods_go_together_where_they_play_different_parts():
    assert [entry["name"] for entry in methods.resolve("dann+char_noise", {})] == ["char_noise", "dann"]
    assert methods.resolve("standard", {}) == []


def test_every_method_says_where_it_and_its_defaults_come_from():
    for found in methods.registry().values():
        assert found.summary
        assert found.source
        assert all(option.source for option in found.options.values())
