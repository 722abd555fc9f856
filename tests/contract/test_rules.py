"""Rules, command line and package agree: nothing calls what is not there."""

import functools
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from workflow import ROOT, Workplace, commands
from xstilts.cli import parser
from xstilts.study import parse_study, recipes

STUDIES = [ROOT / "config.yaml", *sorted((ROOT / "studies").rglob("*.yaml"))]


@pytest.fixture(scope="module")
def dry_run(tmp_path_factory):
    """What the dry run of a study says, asked once."""

    @functools.cache
    def said(path: Path) -> str:
        workplace = Workplace(tmp_path_factory.mktemp("plan") / "study", path)
        done = workplace.snakemake("--dry-run", "--nocolor", "--printshellcmds")
        return done.stdout + done.stderr

    return said


def test_jobs_find_their_command_in_an_environment_that_was_not_activated(tmp_path):
    workplace = Workplace(tmp_path)
    target = "results/tiny/data/mini_pos/test.source.json"
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(tmp_path)),
        *("--configfile", str(workplace.study), "--cores", "1", "--", target),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PATH": os.defpath})
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / target).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("path", STUDIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_study_plans_and_every_command_line_parses(path, dry_run):
    found = commands(dry_run(path))
    assert found
    for _, arguments in found:
        assert callable(arguments.run)


@pytest.mark.slow
@pytest.mark.parametrize("path", STUDIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_plan_has_a_job_for_every_checkpoint_and_evaluation(path, dry_run):
    study = parse_study(yaml.safe_load(path.read_text()))
    arms = list(study.arms())
    trained = sum(len(arm["seeds"]) for arm in arms if arm["target_trained"])
    intermediate = len(study.encoders) * len(study.seeds) * sum(not r.direct for r in study.intermediate.values())
    stats = dict(re.findall(r"^(\w+)\s+(\d+)$", dry_run(path), re.M))
    jobs = tuple(int(stats.get(rule, 0)) for rule in ("target", "intermediate", "evaluate"))
    assert jobs == (trained, intermediate, len(arms))


@pytest.mark.parametrize(
    ("name", "jobs"),
    [
        # 12 recipes x 3 seeds; 13 arms x 7 fine-tuned targets x 3 seeds; 13 arms x 9 targets.
        (
            "phang2020",
            {"intermediate": 36, "target": 273, "evaluate": 117, "fetch": 24, "prepare": 24},
        ),
        # 2 recipes x 3 seeds; 3 arms x 7 fine-tuned targets x 3 seeds; 3 arms x 10 targets.
        ("xtreme_r", {"intermediate": 6, "target": 63, "evaluate": 30, "fetch": 17, "prepare": 17}),
    ],
)
def test_the_benchmark_studies_have_the_jobs_that_their_design_says(name, jobs, dry_run):
    stats = dict(re.findall(r"^(\w+)\s+(\d+)$", dry_run(ROOT / f"studies/{name}.yaml"), re.M))
    assert {rule: int(stats[rule]) for rule in jobs} == jobs


@pytest.mark.slow
@pytest.mark.parametrize("path", STUDIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_figures_that_rules_expect_are_those_that_are_drawn(path, dry_run):
    assert expected_figures(path, dry_run) == drawn_figures(path)


@pytest.mark.slow
def test_no_gain_is_expected_where_nothing_is_fine_tuned_directly(tmp_path, dry_run):
    study = yaml.safe_load((ROOT / "tests" / "tiny.yaml").read_text())
    del study["intermediate"]["none"], study["questions"]
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(study))
    expected = expected_figures(path, dry_run)
    assert expected == drawn_figures(path)
    assert "gain_heatmap" not in expected


def expected_figures(path, dry_run):
    return set(re.findall(r"figures/(\w+)\.svg", dry_run(path)))


def drawn_figures(path):
    from xstilts import figures

    return set(figures.names(recipes.report_context(parse_study(yaml.safe_load(path.read_text())))))


def test_rules_call_only_subcommands_that_exist():
    called = {
        word for rule in (ROOT / "rules").glob("*.smk") for word in re.findall(r'"xstilts (\w+)', rule.read_text())
    }
    known = set(parser()._subparsers._group_actions[0].choices)
    assert called <= known
    assert len(called) >= 9


def test_a_job_that_asks_for_gpus_holds_them():
    """Else it runs on the first device, beside the job that holds it."""
    rules = [
        rule for path in (ROOT / "rules").glob("*.smk") for rule in re.split(r"^rule ", path.read_text(), flags=re.M)
    ]
    asking = [rule for rule in rules if re.search(r"^ +gpu=", rule, re.M)]
    assert {rule.partition(":")[0] for rule in asking} >= {"target", "evaluate", "attack"}
    for rule in asking:
        assert "--gpus {resources.gpu}" in rule, rule


@pytest.mark.parametrize("command", sorted(parser()._subparsers._group_actions[0].choices))
def test_every_subcommand_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as caught:
        parser().parse_args([command, "--help"])
    assert caught.value.code == 0
    assert "usage: xstilts" in capsys.readouterr().out


def test_who_stops_reading_is_not_told_of_an_error():
    command = subprocess.Popen(
        [sys.executable, "-m", "xstilts", "tasks"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    command.stdout.close()
    assert command.stderr.read() == ""
    assert command.wait() == 128 + signal.SIGPIPE


def test_a_floor_imports_only_from_floors_below():
    floors = [
        {"cli"},
        {"study"},
        {"plan"},
        {"report"},
        {"figures"},
        {"questions"},
        {"analysis"},
        {"evaluation"},
        {"robustness"},
        {"training"},
        {"models"},
        {"metrics"},
        {"data"},
        {"perturbations"},
        {"tasks"},
        {"miniature"},
        {"sources"},
        {"languages"},
        {"cache"},
        {"artifacts"},
        {"tables"},
        {"devices"},
        {"relay"},
        {"environment"},
        {"seeds"},
        {"discovery"},
        {"errors"},
    ]
    height = {name: -number for number, floor in enumerate(floors) for name in floor}
    package = ROOT / "workflow" / "xstilts"
    for path in package.rglob("*.py"):
        here = path.relative_to(package).parts[0].removesuffix(".py")
        if here in ("__init__", "__main__"):
            continue
        text = path.read_text()
        imported = re.findall(r"^\s*from xstilts\.(\w+)", text, re.M)
        for names in re.findall(r"^\s*from xstilts import ([\w, ]+)", text, re.M):
            imported += [name for name in names.split(", ") if name in height]
        for name in imported:
            assert height[name] <= height[here], f"{path}: {here} imports {name}, a floor above it"


def test_every_package_folder_is_shipped():
    folders = {path.parent for path in (ROOT / "workflow" / "xstilts").rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_the_catalogues_snakefile_is_the_same_workflow():
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "workflow" / "Snakefile"), "--list-rules"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"fetch", "prepare", "intermediate", "target", "evaluate", "report"} <= set(done.stdout.split())


@pytest.mark.parametrize(("gpus", "processes"), [(0, 1), (1, 1), (2, 2)])
def test_training_is_shared_by_as_many_processes_as_a_job_has_gpus(tmp_path, gpus, processes):
    workplace = Workplace(tmp_path)
    workplace.edit(lambda study: study["encoders"]["mini"].update(resources={"gpus": gpus}))
    limit = ("--resources", "gpu=2")
    done = workplace.snakemake("--dry-run", "--nocolor", "--printshellcmds", "--cores", "2", *limit)
    trained = [arguments for name, arguments in commands(done.stdout + done.stderr) if name == "train"]
    assert [(arguments.gpus, arguments.processes) for arguments in trained] == [(gpus, processes)] * 3
