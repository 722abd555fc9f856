"""A study on a real SLURM: the same bytes as on one machine, whatever happens to its jobs."""

import os
import signal
import subprocess
import time

import pytest

from slurm.conftest import ClusterWorkplace, wait_for

pytestmark = pytest.mark.slurm

TRAINED = "results/cluster/checkpoints/mini/nli/seed1/manifest.json"


def test_a_study_ends_with_the_same_scores_as_on_one_machine(local, cluster, tmp_path):
    workplace = ClusterWorkplace(tmp_path / "study", cluster)
    said = workplace.start().wait()
    workplace.assert_same_as(local)
    assert "(100%) done" in said
    assert list((workplace.folder / "slurm_logs").glob("efficiency_report_*.csv"))


def test_a_cancelled_job_is_submitted_again(prepared, trained):
    run = prepared.start("--", TRAINED)
    job = prepared.until_it_trains()
    assert prepared.cluster.said("scancel", job) is not None
    said = run.wait()
    assert "CANCELLED" in said
    assert prepared.resumed()
    prepared.assert_same_weights(trained)


def test_a_job_whose_node_is_lost_runs_on_another_though_the_first_may_still_train(prepared, trained):
    run = prepared.start("--", TRAINED)
    job = prepared.until_it_trains()
    node = prepared.cluster.said("squeue", "-h", "-j", job, "-o", "%N").strip()
    prepared.cluster.lose(node)
    try:
        run.wait()
    finally:
        prepared.cluster.find(node)
    prepared.assert_same_weights(trained)


def test_a_wall_clock_shorter_than_the_training(prepared, trained):
    run = prepared.start("--", TRAINED, warn=50)
    job = prepared.until_it_trains()
    # SLURM looks at its clocks every half minute, when so short a training may be over: it is held meanwhile.
    subprocess.run(["pkill", "-STOP", "-f", "xstilts train --label nli"], check=True)
    try:
        assert prepared.cluster.said("scontrol", "update", f"jobid={job}", "timelimit=1") is not None
        time.sleep(32)
    finally:
        subprocess.run(["pkill", "-CONT", "-f", "xstilts train --label nli"], check=False)
    said = run.wait()
    assert "Trying to restart job" in said
    assert prepared.resumed()
    prepared.assert_same_weights(trained)


def test_a_preempted_job_comes_back(prepared, trained):
    run = prepared.start("--", TRAINED)
    job = prepared.until_it_trains()
    urgent = ("sbatch", "-p", "high", "-A", "ci", "--nodes=2", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 5")
    assert prepared.cluster.said(*urgent) is not None
    wait_for(lambda: job in prepared.cluster.jobs("intermediate", "pending"), 60)
    run.wait()
    assert prepared.resumed()
    prepared.assert_same_weights(trained)


def test_the_submitting_process_killed_and_called_again_at_once(prepared, trained):
    first = prepared.start("--", TRAINED)
    prepared.until_it_trains()
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait()
    second = prepared.start("--", TRAINED)
    second.wait()
    prepared.assert_same_weights(trained)
    wait_for(lambda: not prepared.cluster.jobs("intermediate"), 300)
    prepared.assert_same_weights(trained)


def test_two_studies_at_the_same_time_train_what_they_share_once(prepared, trained, tmp_path, monkeypatch):
    monkeypatch.setenv("XSTILTS_CACHE_DIR", str(tmp_path / "cache"))
    other = ClusterWorkplace(tmp_path / "other", prepared.cluster)
    subprocess.run(["cp", "-a", f"{prepared.folder}/.", str(other.folder)], check=True)
    runs = [workplace.start("--", TRAINED) for workplace in (prepared, other)]
    began = time.monotonic()
    for run in runs:
        run.wait(900 - (time.monotonic() - began))
    for workplace in (prepared, other):
        workplace.assert_same_weights(trained)
    logs = sorted(workplace.training_log() for workplace in (prepared, other))
    assert sum("taken from" in log for log in logs) == 1
    assert sum("English dev" in log for log in logs) == 1
