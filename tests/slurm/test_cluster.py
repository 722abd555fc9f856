"""A study on a real SLURM: the same bytes as on one machine, whatever happens to its jobs."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from slurm.conftest import TRAINED, ClusterWorkplace, wait_for
from workflow import Workplace

pytestmark = pytest.mark.slurm

WAITS = "another job trains this checkpoint"


def a_study_ends_with_the_same_scores_as_on_one_machine(study: ClusterWorkplace, local: Future[Workplace]) -> None:
    whole = ClusterWorkplace(study.folder.with_name("whole"), study.cluster)
    said = whole.start().wait()
    whole.assert_same_as(local.result())
    assert "(100%) done" in said
    assert list((whole.folder / "slurm_logs").glob("efficiency_report_*.csv"))


def a_cancelled_job_is_submitted_again_and_a_dead_node_costs_what_was_not_saved(
    study: ClusterWorkplace, local: Future[Workplace]
) -> None:
    run = study.start(TRAINED, partition="brittle")
    with study.held() as cancelled:
        assert study.cluster.said("scancel", cancelled.job) is not None
        cancelled.until_told()
    wait_for(lambda: cancelled.job not in study.jobs() and study.jobs())
    with study.held(after=cancelled.position + 1) as lost:
        assert lost.job != cancelled.job
        node = study.cluster.fact(lost.job, "NodeList")
        lost.kill_with_its_job()
        study.cluster.lose(node)
    try:
        wait_for(lambda: study.cluster.fact(lost.job, "Restarts") == "1")
        assert "CANCELLED" in run.wait()
    finally:
        study.cluster.find(node)
    first, second = study.resumed()
    assert first["step"] in (cancelled.position, cancelled.position + 1)
    assert first["repeated_steps"] == 0
    assert second == {"step": first["step"], "repeated_steps": lost.position - first["step"]}
    study.assert_same_weights(local.result())


def a_job_whose_node_is_lost_runs_on_another_though_the_first_still_trains(
    study: ClusterWorkplace, local: Future[Workplace]
) -> None:
    run = study.start(TRAINED, partition="frail")
    with study.held() as first:
        node = study.cluster.fact(first.job, "NodeList")
        study.cluster.lose(node)
        wait_for(lambda: WAITS in study.training_log)
    try:
        run.wait()
    finally:
        study.cluster.find(node)
    assert study.cluster.fact(first.job, "Restarts") == "1"
    assert study.resumed() == []
    study.assert_same_weights(local.result())


def a_wall_clock_shorter_than_the_training(study: ClusterWorkplace, local: Future[Workplace]) -> None:
    run = study.start(TRAINED, warn=100)
    with study.held() as warned:
        # SLURM looks at its clocks every half minute: there is time for that between the warning and the end.
        used = [int(part) for part in study.cluster.fact(warned.job, "RunTime").split(":")]
        minutes = (used[1] * 60 + used[2] + 40) // 60 + 1
        assert study.cluster.said("scontrol", "update", f"jobid={warned.job}", f"timelimit={minutes}") is not None
        warned.until_told()
    assert "Trying to restart job" in run.wait()
    assert [place["repeated_steps"] for place in study.resumed()] == [0]
    study.assert_same_weights(local.result())


def a_preempted_job_comes_back(study: ClusterWorkplace, local: Future[Workplace]) -> None:
    run = study.start(TRAINED, partition="spot")
    with study.held() as preempted:
        urgent = ("sbatch", "-p", "high", "-A", "ci", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 1")
        assert study.cluster.said(*urgent) is not None
        preempted.until_told()
    wait_for(lambda: study.cluster.fact(preempted.job, "Restarts") == "1")
    run.wait()
    assert [place["repeated_steps"] for place in study.resumed()] == [0]
    study.assert_same_weights(local.result())


def the_submitting_process_killed_and_called_again_at_once(study: ClusterWorkplace, local: Future[Workplace]) -> None:
    first = study.start(TRAINED)
    with study.held():
        first.kill()
        second = study.start(TRAINED)
        wait_for(lambda: WAITS in study.training_log)
        assert len(study.jobs()) == 2
    second.wait()
    study.assert_same_weights(local.result())
    wait_for(lambda: not study.jobs())
    assert study.resumed() == []
    study.assert_same_weights(local.result())


def two_studies_at_the_same_time_train_what_they_share_once(study: ClusterWorkplace, local: Future[Workplace]) -> None:
    study.copy(study.folder.with_name("other"))
    other = ClusterWorkplace(study.folder.with_name("other"), study.cluster)
    runs = [place.start(TRAINED, XSTILTS_CACHE_DIR=str(study.folder.with_name("cache"))) for place in (study, other)]
    for run in runs:
        run.wait()
    for place in (study, other):
        place.assert_same_weights(local.result())
    logs = [place.training_log for place in (study, other)]
    assert sum("taken from" in log for log in logs) == 1
    assert sum("English dev" in log for log in logs) == 1


def a_job_that_fails_is_given_more_and_then_reported_while_others_go_on(
    study: ClusterWorkplace, local: Future[Workplace]
) -> None:
    study.tools = study.folder.with_name("tools")
    study.tools.mkdir()
    fails = '[[ "$1" = train && "$*" = *nli/seed1* ]] && echo "xstilts: error: loss is not finite" >&2 && exit 2'
    (study.tools / "xstilts").write_text(f'#!/usr/bin/env bash\n{fails}\nPATH=${{PATH#*:}} exec xstilts "$@"\n')
    (study.tools / "xstilts").chmod(0o755)
    other = "results/cluster/checkpoints/mini/none/pos/seed1/manifest.json"
    said = study.start(TRAINED, other, retries=1).wait(good=False)
    end = said.partition("Failed: 1;")[2]
    assert f"intermediate  {TRAINED}" in end
    assert "xstilts: error: loss is not finite" in end
    assert (study.folder / other).is_file()
    study.assert_same_weights(local.result())
    assert list((study.folder / "slurm_logs/rule_intermediate").rglob("*.log"))
    asked = ("sacct", "-X", "-n", "-P", "-o", "WorkDir,Comment,ReqMem,TimelimitRaw")
    wait_for(lambda: (study.cluster.said(*asked) or "").count(f"{study.folder}|rule_intermediate") == 2)
    rows = [row.split("|") for row in (study.cluster.said(*asked) or "").splitlines()]
    needs = [row[2:] for row in rows if row[0] == str(study.folder) and "rule_intermediate" in row[1]]
    assert needs == [["2500M", "60"], ["5000M", "120"]]


SCENARIOS = (
    a_study_ends_with_the_same_scores_as_on_one_machine,
    a_cancelled_job_is_submitted_again_and_a_dead_node_costs_what_was_not_saved,
    a_job_whose_node_is_lost_runs_on_another_though_the_first_still_trains,
    a_wall_clock_shorter_than_the_training,
    a_preempted_job_comes_back,
    the_submitting_process_killed_and_called_again_at_once,
    two_studies_at_the_same_time_train_what_they_share_once,
    a_job_that_fails_is_given_more_and_then_reported_while_others_go_on,
)


def finished(workplace: Workplace) -> Workplace:
    workplace.run()
    return workplace


@pytest.fixture(scope="module")
def ends(request, prepared, cluster, tmp_path_factory) -> dict[str, Future]:
    """The ends of the chosen scenarios.

    Most of each is waiting, so they go on at the same time on the one cluster, and beside them the undisturbed local
    run that each is compared with.
    """
    chosen = [item.callspec.params["scenario"] for item in request.session.items if item.path == request.path]
    folder = tmp_path_factory.mktemp("cluster")
    studies = {}
    for scenario in chosen:
        prepared.copy(folder / scenario.__name__ / "study")
        studies[scenario] = ClusterWorkplace(folder / scenario.__name__ / "study", cluster)

    def go(scenario, study: ClusterWorkplace, local: Future[Workplace]) -> None:
        try:
            scenario(study, local)
        finally:
            study.stop()

    with ThreadPoolExecutor(len(chosen) + 1) as pool:
        local = pool.submit(finished, prepared)
        return {scenario: pool.submit(go, scenario, study, local) for scenario, study in studies.items()}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_on_a_cluster(ends, scenario):
    ends[scenario].result()
