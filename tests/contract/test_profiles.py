"""Profiles: the right one is in force, and a wrong name does not go unnoticed."""

import re

import pytest
import yaml
import yte

from workflow import ROOT, Workplace
from xstilts.errors import ConfigError
from xstilts.study import check_profile

PROFILES = ROOT / "profiles"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workflow-profile", "slum"], "no such profile; did you mean slurm"),
        (["-n", "--workflow-profile=cloud"], "there are: default, slurm"),
        (["--profile", str(PROFILES / "slurm")], "say --workflow-profile slurm"),
    ],
)
def test_a_profile_that_would_be_passed_over_is_an_error(arguments, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        check_profile(arguments, PROFILES, ROOT)


@pytest.mark.parametrize("arguments", [[], ["--workflow-profile", "slurm"], ["--workflow-profile", "none"]])
def test_a_profile_that_exists_is_fine(arguments):
    check_profile([*arguments, "--cores", "2"], PROFILES, ROOT)


def test_a_wrong_name_stops_even_the_plan(tmp_path):
    done = Workplace(tmp_path / "study").snakemake("--dry-run", "--workflow-profile", "slum", check=False)
    assert done.returncode != 0
    assert "--workflow-profile slum: no such profile; did you mean slurm?" in done.stdout + done.stderr


def test_a_relative_path_is_of_the_folder_that_snakemake_was_called_in(tmp_path):
    workplace = Workplace(tmp_path / "study")
    profile = tmp_path / "lab" / "mine"
    profile.mkdir(parents=True)
    (profile / "profile.yaml").write_text("cores: 1\n")
    workplace.snakemake("--dry-run", "--quiet", "all", "--workflow-profile", "lab/mine", cwd=tmp_path)
    done = workplace.snakemake("--dry-run", "--workflow-profile", "lab/min", cwd=tmp_path, check=False)
    assert "--workflow-profile lab/min: no such profile" in done.stdout + done.stderr


def test_one_machine_runs_no_more_training_jobs_than_it_has_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    with (PROFILES / "default" / "profile.yaml").open() as profile:
        assert yte.process_yaml(profile, require_use_yte=True)["resources"] == ["gpu=3"]


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_a_rewritten_command_line_is_no_reason_to_run_and_the_plan_knows(name):
    triggers = yaml.safe_load((PROFILES / name / "profile.yaml").read_text())["rerun-triggers"]
    assert set(triggers) == {"mtime", "params", "input", "software-env"}
    assert "frozenset(RerunTrigger) - {RerunTrigger.CODE}" in (ROOT / "workflow/xstilts/plan/dag.py").read_text()
