import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstilts import tasks
from xstilts.errors import XstiltsError
from xstilts.plan import Job, Jobs
from xstilts.plan.estimate import START_UP, UNKNOWN_ROWS, Estimator
from xstilts.plan.schedule import critical_path, makespan
from xstilts.plan.why import changes
from xstilts.plan.work import KNOWN, Shape, training_flops
from xstilts.training import methods


def job(name: str, needs=(), gpus: int = 1, threads: int = 1) -> Job:
    return Job(name, "target", {}, (name,), tuple(needs), threads, gpus, None, (), (), ("missing: it",), None)


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    jobs, seconds = [], {}
    for number in range(count):
        needs = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        jobs.append(job(f"j{number}", [f"j{parent}" for parent in sorted(needs)], draw(st.integers(0, 1))))
        seconds[f"j{number}"] = float(draw(st.integers(1, 50)))
    return jobs, seconds


@given(graphs(), st.integers(1, 4), st.integers(1, 4))
def test_a_makespan_lies_between_the_critical_path_and_one_job_after_another(graph, gpus, cores):
    jobs, seconds = graph
    length, path = critical_path(jobs, seconds)
    assert sum(seconds[name] for name in path) == length
    assert length <= makespan(jobs, seconds, gpus, cores) <= sum(seconds.values())
    assert makespan(jobs, seconds, 100, 100) == length


def test_two_gpus_halve_independent_jobs_and_do_not_wait_for_cores_they_do_not_need():
    jobs = [job(name) for name in "abcd"]
    seconds = dict.fromkeys("abcd", 10.0)
    assert makespan(jobs, seconds, 1, 8) == 40
    assert makespan(jobs, seconds, 2, 8) == 20
    assert makespan([], {}, 1, 1) == 0


def test_a_wide_study_is_scheduled_quickly():
    jobs = [job("root"), *(job(f"j{number}", ["root"]) for number in range(20000))]
    assert makespan(jobs, {found.name: 1.0 for found in jobs}, 8, 64) == pytest.approx(2501)


def test_the_size_of_xlm_r_is_the_papers():
    base, large = (Shape(*KNOWN[f"FacebookAI/xlm-roberta-{size}"]) for size in ("base", "large"))
    assert base.weight_bytes / 4 == pytest.approx(270e6, rel=0.05)
    assert large.weight_bytes / 4 == pytest.approx(550e6, rel=0.05)


def test_a_grid_of_learning_rates_costs_a_run_each():
    shape = Shape(12, 768, 3072, 250002)
    recipe = {"learning_rate": [1e-5], "epochs": 2, "evaluations": 4, "batch_size": 10, "methods": []}
    one = training_flops(shape, recipe, 1000, 100, 64)
    assert one == pytest.approx(6 * shape.matrices * 2000 * 64 + 2 * shape.matrices * 400 * 64, rel=0.02)
    assert training_flops(shape, recipe | {"learning_rate": [1e-5, 2e-5]}, 1000, 100, 64) == 2 * one


@pytest.mark.parametrize(
    ("method", "options", "tokens"),
    [
        ("fgm", {}, 2 * 1000),
        ("pgd", {"steps": 4}, (2 + 3 * 2 / 3) * 1000),
        ("char_adversarial", {"copies": 6}, (1 + 6 / 3) * 1000),
        # 100 steps of ten examples, each with 4 sentences forward and backward and twice as many forward.
        ("dann", {"batch_size": 4, "updates": 2}, 1000 + 100 * (4 + 8 / 3)),
    ],
)
def test_what_a_method_does_besides_one_pass_over_the_examples_is_planned(method, options, tokens):
    shape = Shape(12, 768, 3072, 250002)
    recipe = {"learning_rate": [1e-5], "epochs": 1, "evaluations": 0, "batch_size": 10}
    plain, other = (
        training_flops(shape, recipe | {"methods": methods.resolve(*found)}, 1000, 0, 64)
        for found in (("standard", {}), (method, {method: options}))
    )
    assert other / plain == pytest.approx(tokens / 1000)


def test_changes_name_the_keys():
    old, new = ['\'{"epochs":2,"seed":1}\''], ['\'{"epochs":3,"seed":1}\'']
    assert changes(old, new) == ["epochs 2 -> 3"]
    assert changes(["['test-en', 'test-de']"], ["['test-en', 'test-fr']"]) == ["-test-de", "+test-fr"]
    arms = [
        [{"encoder": "mini", "recipe": name, "seeds": seeds} for name in ("none", "nli")] for seeds in ([1], [1, 2])
    ]
    assert changes(*([json.dumps(one)] for one in arms)) == ["seeds [1] -> [1, 2]"]
    assert changes([json.dumps(arms[0])], [json.dumps(arms[0][:1])]) == [
        '-{"encoder": "mini", "recipe": "nli", "seeds": [1]}'
    ]
    assert changes(["'a'"], ["'b'"]) == ["now b", "no longer a"]
    assert changes(["'{\"a\":1}'"], ['\'{"a":1,"b":null}\'']) == ["b absent -> null"]


def test_a_folder_is_as_good_as_its_manifest():
    jobs = Jobs({"results/x/manifest.json": job("results/x/manifest.json")})
    assert jobs.makes("results/x/") is jobs.makes("results/x/manifest.json") is not None
    assert jobs.makes("results/y") is None


def two_of_five_seeds(tmp_path) -> tuple[Job, Job]:
    """Alignment that took 20 s for two seeds, of which five are wanted; and another arm's, which has not run."""

    def alignment(arm, seconds):
        name = f"alignment/mini/{arm}/manifest.json"
        recipe = {"task": "mini_bitext", "conditions": [{"name": "clean", "languages": ["de"]}]}
        words = {"encoder": "mini", "arm": arm}
        return Job(name, "alignment", words, (name,), (), 1, 0, recipe, seeds, (), ("changed: seeds",), seconds)

    seeds = tuple(f"seed{number}" for number in range(1, 6))
    old, new = alignment("nli", 20.0), alignment("pos", None)
    folder = tmp_path / old.folder
    folder.mkdir(parents=True)
    for seed in seeds[:2]:
        (folder / f"{seed}.json").write_text("{}")
    (folder / "manifest.json").write_text('{"scored": 2}')
    return old, new


def test_alignment_of_further_seeds_costs_what_the_first_ones_took_each(tmp_path):
    old, new = two_of_five_seeds(tmp_path)
    estimator = Estimator(Jobs({job.name: job for job in (old, new)}), tmp_path, "A100", tasks.get)
    assert (estimator.of(old).seconds, estimator.of(new).seconds) == (30.0, 50.0)


def test_a_job_starts_once_however_many_seeds_it_scores(tmp_path):
    """Training took 14 s, 10 of them steps: 4 to start."""
    old, new = two_of_five_seeds(tmp_path)
    trained, _ = of_xlmr(tmp_path, TOLD | {"seconds": 9.0})
    jobs = Jobs({job.name: job for job in (*trained, old, new)})
    estimator = Estimator(jobs, tmp_path, "A100", tasks.get)
    assert (estimator.of(old).seconds, estimator.of(new).seconds) == (4 + 3 * 8, 4 + 5 * 8)


RECIPE = {"version": 3, "tasks": ["mnli"], "learning_rate": [1e-5], "epochs": 1, "evaluations": 1}
RECIPE |= {"methods": [], "examples": None, "batch_size": 32, "sampling": None}
TOLD = {
    "recipe": RECIPE,
    "rows": {"items": 100, "dev": 10},
    "history": {"steps": 3, "tokens_per_second": 640.0, "examples_per_second": 10.0},
    "cost": {"flops": 1e15, "flops_per_second": 1e14},
    "seconds": 20.0,
}


def of_xlmr(tmp_path, told) -> tuple[Jobs, Job]:
    """An encoder and a checkpoint whose manifest tells something."""
    encoder, words = {"kind": "hub", "id": "FacebookAI/xlm-roberta-base"}, {"encoder": "base"}
    first = Job("e/m.json", "hub_encoder", words, ("e/m.json",), (), 1, 0, encoder, (), (), ("missing",), None)
    name, recipe = "c/manifest.json", RECIPE | {"seed": 2}
    last = Job(name, "intermediate", words, (name,), (), 1, 1, recipe, (), ("data",), (), None)
    (tmp_path / "c").mkdir()
    (tmp_path / name).write_text(json.dumps(told))
    return Jobs({job.name: job for job in (first, last)}), last


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([TOLD], "a JSON array, not an object"),
        ({key: value for key, value in TOLD.items() if key != "recipe"}, "no key 'recipe'"),
        ({key: value for key, value in TOLD.items() if key != "cost"}, "KeyError('cost')"),
        (TOLD | {"recipe": ["mnli"]}, "not a trained checkpoint's"),
        (TOLD | {"recipe": {"version": 3}}, "KeyError('batch_size')"),
        (TOLD | {"rows": None}, "not a trained checkpoint's"),
        (TOLD | {"history": TOLD["history"] | {"examples_per_second": 0.0}}, "division by zero"),
    ],
)
def test_a_checkpoint_whose_manifest_is_of_another_shape_is_named(told, said, tmp_path):
    jobs, job = of_xlmr(tmp_path, told)
    with pytest.raises(XstiltsError) as raised:
        Estimator(jobs, tmp_path, "A100", tasks.get)
    assert str(raised.value).startswith(f"{tmp_path / job.name}: ")
    assert said in str(raised.value)
    assert "damaged, or written by another version; delete it and run again" in str(raised.value)


def test_a_checkpoint_of_another_version_of_training_is_no_measure(tmp_path):
    jobs, job = of_xlmr(tmp_path, TOLD | {"recipe": {"version": 2}, "history": {}})
    assert Estimator(jobs, tmp_path, "A100", tasks.get).of(job).basis == "modelled"
    (tmp_path / job.name).write_text(json.dumps(TOLD))
    assert Estimator(jobs, tmp_path, "A100", tasks.get).of(job).basis == "measured"


@pytest.mark.parametrize("told", [[], {}, {"splits": ["train-en"]}, {"splits": {"train-en": 5}}])
def test_prepared_data_of_another_shape_are_named(told, tmp_path):
    jobs, job = of_xlmr(tmp_path, TOLD | {"recipe": {"version": 2}})
    (tmp_path / "data").mkdir()
    (tmp_path / "data/manifest.json").write_text(json.dumps(told))
    with pytest.raises(XstiltsError, match=r"data/manifest\.json: .*damaged, or written by another version"):
        Estimator(jobs, tmp_path, "A100", tasks.get).of(job)


def modelled(rule: str, recipe: dict, task=tasks.get) -> float:
    """Seconds that a first job of XLM-R large is expected to take, less what it takes to start."""
    encoder = {"kind": "hub", "id": "FacebookAI/xlm-roberta-large"}
    words = {"encoder": "large"}
    first = Job("e/m.json", "hub_encoder", words, ("e/m.json",), (), 1, 0, encoder, (), (), ("missing",), None)
    data = ("data",) * len(recipe.get("tasks", "1"))
    last = Job("c/m.json", rule, words, ("c/m.json",), ("e/m.json",), 1, 1, recipe, (), data, ("missing",), None)
    jobs = Jobs({first.name: first, last.name: last})
    return Estimator(jobs, Path("/nowhere"), "A100", task).of(last).seconds - START_UP


def test_rows_are_those_of_the_edition_that_the_study_reads():
    recipe = {"tasks": ["mnli"], "examples": None, "epochs": 1, "evaluations": 0, "learning_rate": [1e-5]}
    recipe |= {"methods": [], "batch_size": 32, "sampling": None}
    small = modelled("intermediate", recipe)
    whole = modelled("intermediate", recipe, lambda name: tasks.choose(name, "hub"))
    assert whole / small == pytest.approx(392_702 / 9_295)


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ({}, 392_702 + 549_367 + 87_599),
        ({"examples": 1000}, 2 * 1000),
        ({"sampling": {"kind": "proportional", "cap": 100_000, "temperature": 1}}, 2 * 100_000 + 87_599),
        ({"tasks": ["mnli", "wikipedia"], "text_languages": ["de", "en", "th"]}, 392_702 + 3 * UNKNOWN_ROWS),
        ({"tasks": ["mnli", "xnli_translate_train"], "text_languages": ["de", "th"]}, 392_702 + 2 * 392_702),
    ],
)
def test_the_rows_of_several_tasks_are_those_that_their_streams_draw_from(change, rows):
    """MNLI and SNLI share a head; SQuAD has its own."""
    recipe = {"tasks": ["mnli", "snli", "squad"], "examples": None, "epochs": 1, "evaluations": 0, "methods": []}
    recipe |= {"learning_rate": [1e-5], "batch_size": 32, "sampling": None, "text_languages": []}

    def published(name):
        return tasks.choose(name, "hub")

    one = modelled("intermediate", recipe | {"tasks": ["mnli"]}, published) / 392_702
    assert modelled("intermediate", recipe | change, published) / one == pytest.approx(rows)


def test_an_attack_costs_what_it_may_show_the_model():
    scored = modelled("evaluate", {"task": "xnli", "languages": ["de", "sw"]})
    budget = {"edits": 3, "queries": 99}
    recipe = {"task": "xnli", "languages": ["de", "sw"], "budget": budget, "examples": None}
    assert modelled("attack", recipe) == pytest.approx(100 * scored)
    rows = tasks.get("xnli").rows["test", "de"]
    assert modelled("attack", recipe | {"examples": rows // 10}) == pytest.approx(10 * scored, rel=0.01)
