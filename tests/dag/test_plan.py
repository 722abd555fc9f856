"""The plan is Snakemake's dry run, job for job; and it says why."""

import json
import statistics

import pytest

from workflow import ROOT, Workplace
from xstilts import tasks
from xstilts.cli import main
from xstilts.errors import ConfigError
from xstilts.plan.dag import read_jobs
from xstilts.plan.estimate import Estimator

pytestmark = pytest.mark.slow

EDITS = {
    "nothing": lambda study: None,
    "learning rate": lambda study: study["intermediate"]["nli"].update(training={"learning_rate": 2e-3}),
    "language": lambda study: study["targets"]["pos"]["languages"].append("fr"),
    "recipe, condition and seed": lambda study: (
        study["intermediate"].update(pos={"tasks": ["mini_pos"]}),
        study["conditions"].update(char_noise_40={"perturbation": "char_noise", "strength": 0.4}),
        study["seeds"].append(2),
    ),
}


def jobs_of(workplace: Workplace):
    return read_jobs(ROOT / "Snakefile", workplace.study, {}, workplace.folder)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_changed_study(sketched, tmp_path, edit):
    workplace = sketched.copy(tmp_path / "study")
    workplace.edit(edit)
    assert workplace.planned() == workplace.dry_run()


def test_a_fresh_study(tmp_path):
    workplace = Workplace(tmp_path / "study")
    found = workplace.planned()
    assert found == workplace.dry_run()
    assert len(found) > 20


def test_each_encoders_jobs_ask_for_what_it_needs(tmp_path):
    workplace = Workplace(tmp_path / "study")
    large = {"kind": "mini", "layers": 2, "hidden_size": 32, "heads": 2, "intermediate_size": 32}
    large |= {"vocabulary": ["mini_pos"], "resources": {"threads": 4, "gpus": 1}}
    workplace.edit(lambda study: study["encoders"].update(large=large))
    found = {
        (job.rule, job.wildcards["encoder"], job.threads, job.gpus)
        for job in jobs_of(workplace).waiting
        if job.rule in ("intermediate", "target", "evaluate")
    }
    rules = ("intermediate", "target", "evaluate")
    assert found == {(rule, *needs) for rule in rules for needs in (("mini", 1, 0), ("large", 4, 1))}


def test_a_partial_study(sketched, tmp_path):
    workplace = sketched.copy(tmp_path / "study")
    (workplace.results / "checkpoints/mini/nli/seed1/model.safetensors").unlink()
    (workplace.results / "data/mini_pos/clean/manifest.json").unlink()
    assert workplace.planned() == workplace.dry_run()


def test_reasons_name_the_changed_keys_and_what_is_missing(sketched, tmp_path):
    workplace = sketched.copy(tmp_path / "study")
    workplace.edit(EDITS["learning rate"])
    (workplace.results / "predictions/mini/none/pos/manifest.json").unlink()
    jobs = {job.name.removeprefix("results/tiny/"): job for job in jobs_of(workplace).waiting}
    assert jobs["checkpoints/mini/nli/seed1/manifest.json"].why == ("changed: learning_rate [0.001] -> [0.002]",)
    assert jobs["checkpoints/mini/nli/pos/seed1/manifest.json"].why == (
        "after: results/tiny/checkpoints/mini/nli/seed1/manifest.json",
    )
    (why,) = jobs["predictions/mini/none/pos/manifest.json"].why
    assert why.startswith("missing: ")


def test_the_command_prints_a_table_json_and_one_files_story(finished, tmp_path, capsys):
    workplace = finished.copy(tmp_path / "study")
    where = [str(workplace.study), "--directory", str(workplace.folder)]
    main(["plan", *where])
    assert "Nothing to run" in capsys.readouterr().out
    workplace.edit(EDITS["learning rate"])
    main(["plan", *where, "--price", "2", "--watts", "300"])
    said = capsys.readouterr().out
    assert "intermediate: 1 x changed: learning_rate [0.001] -> [0.002]" in said
    assert "Critical path" in said
    main(["plan", *where, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["jobs"] == len(found["jobs"]) == len(workplace.dry_run())
    assert found["stages"]["target"]["basis"] == "measured"
    main(["why", "results/tiny/checkpoints/mini/nli/pos/seed1", *where])
    assert "changed: learning_rate" in capsys.readouterr().out
    main(["why", "results/tiny/checkpoints/mini/none/pos/seed1/manifest.json", *where])
    assert "up to date" in capsys.readouterr().out
    main(["why", "results/tiny/predictions/mini/nli/pos/seed1/clean.parquet", *where])
    assert "results/tiny/predictions/mini/nli/pos/manifest.json: rule evaluate would run" in capsys.readouterr().out
    main(["path", "report", *where])
    assert capsys.readouterr().out.strip() == str(workplace.results / "report.html")


@pytest.mark.parametrize("results", ["results", "here"])
@pytest.mark.parametrize("asked", ["{results}/tiny/scores.csv", "{folder}/{results}/tiny/scores.csv"])
def test_why_takes_relative_and_absolute_paths_of_relative_and_absolute_results(tmp_path, capsys, asked, results):
    workplace = Workplace(tmp_path / "study")
    absolute = ["--config", f"results={workplace.folder}/here"] if results == "here" else []
    path = asked.format(folder=workplace.folder, results=results)
    main(["why", path, str(workplace.study), "--directory", str(workplace.folder), *absolute])
    assert "rule scores would run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("edit", "least", "most"),
    [
        # Twice as much to score, by a job that starts once.
        (lambda study: study["seeds"].extend([2, 3]), 1.01, 1.99),
        (lambda study: study["evaluation"].update(batch_tokens=2048), 0.99, 1.01),
    ],
    ids=["two further seeds", "all of it anew"],
)
def test_what_is_scored_already_is_not_counted_again(finished, tmp_path, edit, least, most):
    workplace = finished.copy(tmp_path / "study")
    workplace.edit(edit)
    jobs = jobs_of(workplace)
    scoring = [job for job in jobs.waiting if job.rule == "evaluate" and job.wildcards["target"] == "pos"]
    estimator = Estimator(jobs, workplace.folder, "A100", tasks.get)
    took = statistics.median(job.seconds for job in scoring)
    planned = [estimator.of(job).seconds / took for job in scoring]
    assert len(planned) == 2
    assert all(least < share < most for share in planned)


def test_a_plan_counts_the_rows_of_the_edition_that_will_be_read(tmp_path, capsys):
    workplace = Workplace(tmp_path / "study")
    workplace.edit(
        lambda study: (study["intermediate"]["nli"].update(tasks=["mnli"]), study["training"].pop("examples"))
    )
    mirror = tmp_path / "mirror"
    for name in ("mnli/dev_matched.jsonl", "xnli/dev-en.tsv"):
        (mirror / name).parent.mkdir(parents=True)
        (mirror / name).touch()
    seconds = []
    for source in (f"data_dir={mirror}", "source=hub"):
        main(["plan", str(workplace.study), "--directory", str(workplace.folder), "--json", "--config", source])
        seconds.append(json.loads(capsys.readouterr().out)["stages"]["intermediate"]["seconds"][1])
    assert seconds[1] > 5 * seconds[0]


def test_a_study_that_is_wrong_is_one_line(tmp_path):
    workplace = Workplace(tmp_path / "study")
    workplace.edit(lambda study: study.update(sedes=[1]))
    with pytest.raises(ConfigError, match="unknown key 'sedes'"):
        jobs_of(workplace)
