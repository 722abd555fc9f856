"""Attacks: they break models honestly, within budget, in full batches, and go on where they were killed."""

import functools

import pyarrow.parquet
import pytest
import torch

from tiny import RECIPE, rows_of
from xstilts import languages, metrics, perturbations, robustness, tasks
from xstilts.artifacts import read_json, write_json
from xstilts.errors import ConfigError
from xstilts.evaluation import attack as evaluation
from xstilts.models.heads import HEADS
from xstilts.models.load import fresh_head, load_tokenizer
from xstilts.perturbations.rows import editable_texts, with_texts
from xstilts.robustness import Budget
from xstilts.robustness.engine import run
from xstilts.robustness.success import Judge
from xstilts.robustness.victim import Victim
from xstilts.tasks.base import Task

LABELS = {"classification": ("0", "1"), "multiple_choice": (), "tagging": ("NOUN", "ADJ"), "span_qa": ()}
CHARACTERS = [perturbations.get(name) for name in robustness.get("greedy_char").perturbations]
JUDGES = {name: Judge(name, "f1" if name == "span_qa" else "accuracy", labels) for name, labels in LABELS.items()}
YES_NO = Judge("classification", "accuracy", ("no", "yes"))
ENGLISH = languages.get("en")
DEVICE = torch.device("cpu")


@pytest.fixture(scope="module")
def victims(encoder):
    """A function that gives a model fine-tuned on the toy rows of a task type."""

    @functools.cache
    def victim(task_type):
        head = HEADS[task_type](LABELS[task_type], load_tokenizer(encoder), RECIPE)
        torch.manual_seed(0)
        model = fresh_head(encoder, head.auto_class, LABELS[task_type])
        items = head.encode(rows_of(task_type, 192), train=True)
        optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
        for step in range(120):
            batch = [items[(16 * step + place) % len(items)] for place in range(16)]
            head.terms(head.forward(model, batch, DEVICE), batch).loss().div(16).backward()
            optimizer.step()
            optimizer.zero_grad()
        return Victim(model, head, DEVICE, None, "fp32")

    return victim


@pytest.mark.parametrize("name", ["greedy_char", "random_search", "gradient_flip"])
@pytest.mark.parametrize("task_type", LABELS)
def test_an_attack_breaks_a_model_and_says_what_it_took(victims, task_type, name):
    victim, rows, budget = victims(task_type), rows_of(task_type, 24, "test"), Budget(3, 40)
    found = list(run(robustness.get(name), victim, JUDGES[task_type], rows, ENGLISH, CHARACTERS, budget))
    assert sorted(outcome.row["id"] for outcome in found) == sorted(row["id"] for row in rows)
    originals = {row["id"]: row for row in rows}
    broken = [outcome for outcome in found if outcome.success]
    # The answers themselves are out of bounds, and the toy's questions need nothing else.
    assert len(broken) >= (0 if task_type == "span_qa" else 0.2) * sum(outcome.attacked for outcome in found)
    for outcome in found:
        assert outcome.queries <= budget.queries
        assert outcome.attacked == JUDGES[task_type].right(victim.predict([originals[outcome.row["id"]]])[0])
        assert (outcome.row != originals[outcome.row["id"]]) == outcome.success
    for outcome in broken:
        (again,) = victim.predict([outcome.row])
        *_, second, first = sorted(again.get("scores", (0, 1)))
        # Of equal scores the rounding of a pass decides, which depends on the passes' sizes.
        assert again["pred"] == outcome.prediction["pred"] or first - second < 1e-5
        original = originals[outcome.row["id"]]
        assert {key: outcome.row.get(key) for key in ("label", "tags", "answer_texts")} == {
            key: original.get(key) for key in ("label", "tags", "answer_texts")
        }
        assert 0 < outcome.edits <= 2 * budget.edits  # a swap changes two clusters
        assert victim.blank not in " ".join(editable_texts(task_type, outcome.row))


def test_words_beyond_the_length_limit_are_attacked_too(victims):
    victim = victims("tagging")
    head = HEADS["tagging"](LABELS["tagging"], victim.head.tokenizer, RECIPE | {"max_length": 8})
    cut = Victim(victim.model, head, DEVICE, None, "fp32")
    # Only the colour, in the second piece, matters to the model.
    words = ["w1"] * 9 + ["red"] + ["w2"] * 2
    row = {"id": "a", "language": "en", "tokens": words, "tags": ["ADJ" if word == "red" else "NOUN" for word in words]}
    assert cut.predict([row])[0]["pred"] == row["tags"]
    assert cut.estimates([row])[0]("red", "w3") > 0
    (outcome,) = run(robustness.get("greedy_char"), cut, JUDGES["tagging"], [row], ENGLISH, CHARACTERS, Budget(1, 60))
    assert outcome.success
    assert len(outcome.prediction["pred"]) == len(words)


def test_what_becomes_of_an_example_does_not_depend_on_the_others(victims):
    victim, rows = victims("classification"), rows_of("classification", 24, "test")
    greedy = robustness.get("greedy_char")

    def attacked(some):
        found = run(greedy, victim, JUDGES["classification"], some, ENGLISH, CHARACTERS, Budget(2, 40))
        return {outcome.row["id"]: (outcome.success, outcome.edits, outcome.row) for outcome in found}

    alone = attacked(rows[:5])
    assert alone == {key: value for key, value in attacked(rows[::-1]).items() if key in alone}


def test_a_gradient_finds_the_word_that_decides(victims):
    """Writing the other colour over the colour is estimated to hurt most, in most rows."""
    victim, rows = victims("classification"), rows_of("classification", 30, "test")
    wins = 0
    for row, estimate in zip(rows, victim.estimates(rows), strict=True):
        words = row["text_a"].split()
        colour, other = ("red", "blue") if "red" in words else ("blue", "red")
        effects = {word: estimate(word, other) for word in words}
        wins += max(effects, key=effects.get) == colour
    assert wins > 25


class Keyword:
    """Right as long as a word is in the text; counts how many texts come together."""

    blank = "<unk>"

    def __init__(self, word):
        self.word, self.batches = word, []
        self.head = type("Head", (), {"labels": ("no", "yes")})

    def predict(self, rows):
        self.batches.append(len(rows))
        hits = [self.word in row["text_a"].lower() for row in rows]
        return [
            {"id": row["id"], "gold": "yes", "pred": "yes" if hit else "no", "scores": [1.0 - hit, float(hit)]}
            for row, hit in zip(rows, hits, strict=True)
        ]


def keyword_rows(count):
    return [
        {"id": str(i), "text_a": f"number {i} is a dog that sleeps", "text_b": "", "label": "yes"} for i in range(count)
    ]


def test_queries_of_many_examples_go_through_the_model_together():
    victim = Keyword("dog")
    greedy = robustness.get("greedy_char")
    found = list(run(greedy, victim, YES_NO, keyword_rows(40), ENGLISH, CHARACTERS, Budget(1, 60)))
    assert all(outcome.success for outcome in found)
    assert all(size >= 40 for size in victim.batches if size)
    assert len(victim.batches) <= 6
    assert all("dog" not in outcome.row["text_a"] and outcome.edits <= 2 for outcome in found)


def test_a_budget_too_small_is_kept_and_reported_as_failure():
    found = list(
        run(
            *(robustness.get("greedy_char"), Keyword("number"), YES_NO, keyword_rows(5)),
            *(ENGLISH, CHARACTERS, Budget(1, 2)),
        )
    )
    assert all(outcome.queries <= 2 for outcome in found)
    assert not any(outcome.success and outcome.queries == 0 for outcome in found)


def test_an_example_that_was_wrong_is_left_alone():
    (outcome,) = run(
        *(robustness.get("random_search"), Keyword("cat"), YES_NO, keyword_rows(1)),
        *(ENGLISH, CHARACTERS, Budget(5, 50)),
    )
    assert (outcome.attacked, outcome.success, outcome.queries) == (False, False, 0)


class Decoyed(Keyword):
    """Surer of itself once the first word is misspelt; hiding that word, or its gradient, says the contrary."""

    def predict(self, rows):
        found = super().predict(rows)
        for row, prediction in zip(rows, found, strict=True):
            if self.blank in row["text_a"]:
                prediction |= {"pred": "yes", "scores": [0.4, 0.6 if "number" in row["text_a"] else 0.5]}
            elif prediction["pred"] == "yes":
                prediction["scores"] = [0.4, 0.6 if "number" in row["text_a"] else 0.9]
        return found

    def estimates(self, rows):
        return [lambda before, after: float(before == "number")] * len(rows)


@pytest.mark.parametrize("name", ["greedy_char", "gradient_flip"])
def test_an_edit_that_helps_the_model_takes_none_of_the_budget(name):
    found = run(robustness.get(name), Decoyed("dog"), YES_NO, keyword_rows(5), ENGLISH, CHARACTERS, Budget(1, 90))
    for outcome in found:
        assert outcome.success and "number" in outcome.row["text_a"] and "dog" not in outcome.row["text_a"]


def test_answers_are_out_of_bounds_and_their_offsets_follow():
    class Reader(Keyword):
        def predict(self, rows):
            hits = [self.word in row["question"] for row in rows]
            return [
                {"id": row["id"], "gold": row["answer_texts"], "pred": "the garden" if hit else "dog", "score": 1.0}
                for row, hit in zip(rows, hits, strict=True)
            ]

    row = {"id": "1", "question": "Where is the dog?", "context": "The dog sleeps in the garden all day."}
    row |= {"answer_texts": ["the garden"], "answer_starts": [18]}
    (outcome,) = run(
        *(
            robustness.get("random_search"),
            Reader("Where"),
            JUDGES["span_qa"],
            [row],
            ENGLISH,
            CHARACTERS,
            Budget(8, 200),
        )
    )
    start = outcome.row["answer_starts"][0]
    assert outcome.success and outcome.row["context"] != row["context"]
    assert outcome.row["context"][start : start + 10] == "the garden"


@pytest.mark.parametrize(("task", "broken"), [("mlqa", False), ("xquad", True)])
def test_an_answer_is_judged_by_its_tasks_own_f1(task, broken):
    """A character too many in Chinese leaves MLQA's F1, which counts characters, high; SQuAD's counts words."""
    judge = Judge("span_qa", tasks.get(task).metrics[0])
    before = {"id": "1", "language": "zh", "gold": ["北京市"], "pred": "北京市", "score": 1.0}
    after = before | {"pred": "在北京市"}
    assert judge.right(before)
    assert judge.broken(before, after) == broken
    assert judge.loss(before) < judge.loss(after)


@pytest.fixture
def switch(tmp_path):
    """Code-switching into German that knows two words."""
    (tmp_path / "de.tsv").write_text("english\tword\tscore\tcount\ndog\tHund\t1\t9\nnumber\tNummer\t1\t9\n")
    options = {"language": "de", "parallel": "mini_bitext"}
    return perturbations.configured({"code_switch": 1}, options, {"lexicon": str(tmp_path)})


def test_switches_that_do_nothing_by_themselves_are_not_added_up(switch):
    attack = robustness.get("code_mix")
    (outcome,) = run(attack, Keyword("sleeps"), YES_NO, keyword_rows(1), ENGLISH, [switch], Budget(2, 50))
    assert (outcome.success, outcome.queries) == (False, 2)


def test_words_are_switched_where_it_hurts(switch):
    found = run(
        *(robustness.get("code_mix"), Keyword("dog"), YES_NO, keyword_rows(3)),
        *(ENGLISH, [switch], Budget(1, 50)),
    )
    assert [outcome.row["text_a"].split()[4] for outcome in found] == ["Hund"] * 3


def test_texts_of_a_row_come_back_to_their_places():
    for task_type in LABELS:
        for row in rows_of(task_type, 5):
            assert with_texts(task_type, row, editable_texts(task_type, row)) == row


@pytest.fixture
def prepared(victims, tmp_path, monkeypatch):
    """A checkpoint and test rows as the job reads them, and a function that runs the job."""
    task = Task(
        **{"name": "toy", "type": "classification", "languages": {"test": ("en", "de")}, "labels": ("0", "1")},
        **{
            "files": lambda *_: (),
            "read": lambda *_: iter(()),
            "metrics": ("accuracy",),
            "licence": "",
            "citation": "",
        },
    )
    victim = victims("classification")
    for name in ("checkpoint", "data"):
        write_json(tmp_path / name / "manifest.json", {"recipe": RECIPE})
    monkeypatch.setattr(tasks, "get", lambda name: task)
    monkeypatch.setattr(evaluation, "load_fine_tuned", lambda *_: (victim.model, victim.head, RECIPE))
    rows = {
        code: [r | {"language": code} for r in rows_of("classification", 30, f"test-{code}")] for code in ("en", "de")
    }
    monkeypatch.setattr(evaluation, "load_rows", lambda path, split, language: rows[language])
    recipe = {
        **{"task": "toy", "languages": ["en", "de"], "condition": "greedy", "strength": 2.0, "batch_tokens": None},
        **{"attack": "greedy_char", "budget": {"edits": 2, "queries": 50}, "examples": 20},
        **{"perturbations": {"char_delete": 1, "char_substitute": 1}, "options": {}},
    }
    words = {"intermediate": "none", "target": "toy", "seed": 1}

    def job(name):
        evaluation.attack(
            *(recipe, words, tmp_path / "checkpoint", tmp_path / "data", tmp_path / "state"),
            *(tmp_path / f"{name}.parquet", tmp_path / f"{name}.json"),
        )
        return pyarrow.parquet.read_table(tmp_path / f"{name}.parquet").to_pylist(), read_json(
            tmp_path / f"{name}.json"
        )

    return job


def test_predictions_and_scores_are_an_evaluations_with_more(prepared):
    found, scores = prepared("whole")
    assert len(found) == 40
    values = {(row["language"], row["metric"]): row for row in scores["metrics"]}
    for code in ("en", "de"):
        inside = [row for row in found if row["language"] == code]
        assert values[code, "accuracy"]["value"] == metrics.score("classification", "accuracy", inside)
        attacked = [row for row in inside if row["attacked"]]
        assert values[code, "clean_accuracy"]["value"] == 100 * len(attacked) / 20
        assert values[code, "attack_success"] == {
            **{"language": code, "metric": "attack_success", "n": len(attacked)},
            "value": 100 * sum(row["success"] for row in attacked) / len(attacked),
        }
        assert 0 < values[code, "attack_edits"]["value"] < 5
        assert 0 < values[code, "attack_queries"]["value"] <= 50


def test_a_killed_attack_goes_on_where_it_was(prepared, tmp_path, monkeypatch):
    whole, _ = prepared("whole")
    assert not list((tmp_path / "state").iterdir())
    real, calls = Victim.predict, []

    def dying(self, rows):
        calls.append(len(rows))
        if len(calls) == 12:
            raise KeyboardInterrupt
        return real(self, rows)

    monkeypatch.setattr(Victim, "predict", dying)
    with pytest.raises(KeyboardInterrupt):
        prepared("killed")
    (state,) = (tmp_path / "state").iterdir()
    done = len(state.read_text().splitlines())
    assert 0 < done < 40 and not (tmp_path / "killed.parquet").exists()
    with state.open("a") as handle:
        handle.write('{"id": "test-de-3", "lang')
    spent = sum(calls)
    calls[:] = [0] * 12
    again, _ = prepared("killed")
    # Logits may differ in their last digits with the batch they were computed in.
    assert [row | {"scores": 0} for row in again] == [row | {"scores": 0} for row in whole]
    assert sum(calls) < spent * 40 / done
    assert not list((tmp_path / "state").iterdir())


def test_an_unknown_attack_is_an_error_that_names_the_nearest():
    with pytest.raises(ConfigError, match="unknown attack 'greedy_chr'; did you mean greedy_char"):
        robustness.get("greedy_chr")


@pytest.mark.parametrize("task", ["tatoeba", "xquad_r", "mlqa_r", "mewslix", "bucc2018"])
def test_retrieval_is_refused(task):
    with pytest.raises(ConfigError, match="not defined for retrieval"):
        robustness.get("greedy_char").check(tasks.get(task).type)
