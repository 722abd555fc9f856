"""Questions of two and of three choices, pooled as SIQA and COPA are for XCOPA."""

import pytest
import torch

from tiny import RECIPE, pretend_tasks, rows_of
from xstilts.artifacts import MANIFEST, write_json
from xstilts.models.heads import HEADS
from xstilts.models.load import fresh_head, load_tokenizer
from xstilts.robustness.victim import Victim
from xstilts.training import data, methods
from xstilts.training.batching import inference_batches, micro_batches, padded_tokens
from xstilts.training.job import train
from xstilts.training.loop import item_losses, predict_logits
from xstilts.training.passes import Passes

DEVICE = torch.device("cpu")


def two_choices(row):
    """The row without one of its wrong choices."""
    wrong = (row["label"] + 1) % 3
    kept = [number for number in range(3) if number != wrong]
    return row | {"choices": [row["choices"][number] for number in kept], "label": kept.index(row["label"])}


def mixed_rows(count):
    rows = rows_of("multiple_choice", count)
    return [two_choices(row) if number % 3 else row for number, row in enumerate(rows)]


@pytest.fixture
def mixed(encoder):
    """A model, its head, rows of two and three choices, and their items."""
    head = HEADS["multiple_choice"]((), load_tokenizer(encoder), RECIPE)
    torch.manual_seed(0)
    rows = mixed_rows(12)
    return fresh_head(encoder, head.auto_class, ()).eval(), head, rows, head.encode(rows, train=True)


def test_the_loss_of_a_mixed_pass_is_the_mean_of_its_questions_one_by_one(mixed):
    model, head, _, items = mixed
    together = Passes(model, head, items, len(items), DEVICE)
    alone = [Passes(model, head, [item], 1, DEVICE) for item in items]
    losses = torch.stack([passes.loss(passes.outputs()) for passes in alone])
    assert torch.allclose(together.loss(together.outputs()), losses.mean(), atol=1e-6)
    assert torch.allclose(item_losses(model, head, items, DEVICE, None), losses, atol=1e-6)


def test_a_prediction_has_the_choices_of_its_question_and_the_scores_it_has_alone(mixed):
    model, head, rows, items = mixed
    predictions = head.decode(rows, items, predict_logits(model, head, items, DEVICE, None))
    assert [len(prediction["scores"]) for prediction in predictions] == [len(row["choices"]) for row in rows]
    for row, prediction in zip(rows, predictions, strict=True):
        alone = head.encode([row], train=False)
        (expected,) = head.decode([row], alone, predict_logits(model, head, alone, DEVICE, None))
        assert prediction["scores"] == pytest.approx(expected["scores"], abs=1e-6)


@pytest.mark.parametrize("name", ["standard", "fgm", "freelb", "smart", "r3f"])
def test_an_objective_gives_a_mixed_pass_the_gradient_of_its_parts(name, mixed):
    model, head, _, items = mixed
    options = {"freelb": {"initial_magnitude": 0.0}, "smart": {"noise": 0.0, "epsilon": 1e-3}, "r3f": {"epsilon": 0.0}}
    found = methods.get(name)
    objective = found(found.resolve(options.get(name, {})))
    gradients = []
    for parts in ([items], [[item for item in items if len(item.sequences) == width] for width in (2, 3)]):
        model.zero_grad()
        for part in parts:
            objective.backward(Passes(model, head, part, len(items), DEVICE))
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    assert torch.isfinite(gradients[0]).all()
    assert torch.allclose(*gradients, atol=2e-6)


@pytest.mark.parametrize("name", ["standard", "fgm", "r3f"])
def test_two_tasks_with_different_numbers_of_choices_train_one_head(name, encoder, tmp_path, monkeypatch):
    pretend_tasks(monkeypatch, siqa="multiple_choice", copa="multiple_choice")
    of_three = data.load_rows

    def load_rows(path, split, language):
        rows = of_three(path, split, language)
        return [two_choices(row) for row in rows] if path.name == "copa" else rows

    monkeypatch.setattr(data, "load_rows", load_rows)
    for folder in ("siqa", "copa"):
        write_json(tmp_path / folder / MANIFEST, {})
    gentle = {"fgm": {"epsilon": 0.01}} if name == "fgm" else {}
    recipe = RECIPE | {"tasks": ["siqa", "copa"], "method": name, "methods": methods.resolve(name, gentle)}
    manifest = train(recipe, encoder, [tmp_path / "siqa", tmp_path / "copa"], tmp_path / "run", "toy")
    assert manifest["history"]["best_score"] > 90


def test_an_attacks_gradients_are_those_of_each_question_alone(mixed):
    model, head, rows, _ = mixed
    victim = Victim(model, head, DEVICE, None, "fp32")
    together = [estimate("red", "blue") for estimate in victim.estimates(rows)]
    alone = [victim.estimates([row])[0]("red", "blue") for row in rows]
    assert together == pytest.approx(alone, abs=1e-6)
    assert any(together)


def test_passes_of_mixed_questions_keep_to_the_token_budget(mixed):
    *_, items = mixed
    parts = micro_batches(items, 120)
    parts += [[items[index] for index in indices] for indices in inference_batches(items, 120)]
    for part in parts:
        ids = mixed[1].collate(part, DEVICE)["input_ids"]
        assert ids.numel() == padded_tokens(part) <= 120
