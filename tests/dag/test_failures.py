"""The end of a run in which something failed."""

import re

import pytest

from workflow import ROOT, Workplace


def stand_in(folder, text):
    """A command before the stand-in of the tests."""
    folder.mkdir()
    (folder / "xstilts").write_text(f'#!/usr/bin/env bash\n{text}\nexec {ROOT}/tests/stub/xstilts "$@"\n')
    (folder / "xstilts").chmod(0o755)
    return folder


def test_a_run_ends_with_what_failed_and_why_while_independent_jobs_are_done(tmp_path):
    workplace = Workplace(tmp_path / "study")
    said = 'echo "halfway" && echo "xstilts: error: loss is not finite" >&2 && exit 2'
    workplace.tools = stand_in(tmp_path / "tools", f'[[ "$1" = train && "$*" = *nli/seed1* ]] && {said}')
    done = workplace.snakemake("--cores", "2", check=False)
    assert done.returncode != 0
    end = (done.stdout + done.stderr).partition("Failed: 1;")[2]
    assert "intermediate  results/tiny/checkpoints/mini/nli/seed1/manifest.json" in end
    assert "xstilts: error: loss is not finite" in end
    assert (workplace.results / "predictions/mini/none/pos/manifest.json").is_file()


def test_a_job_that_ended_well_on_another_attempt_is_not_reported(tmp_path):
    workplace = Workplace(tmp_path / "study")
    marks = tmp_path / "marks"
    marks.mkdir()
    once = f'[ "$1" = prepare ] && mkdir {marks}/prepared 2>/dev/null && echo "xstilts: error: a hiccup" >&2 && exit 2'
    never = '[ "$1" = figures ] && echo "xstilts: error: no figures" >&2 && exit 2'
    workplace.tools = stand_in(tmp_path / "tools", f"{once}\n{never}")
    done = workplace.snakemake("--cores", "1", "--retries", "1", check=False)
    assert [mark.name for mark in marks.iterdir()] == ["prepared"]
    end = (done.stdout + done.stderr).partition("Failed: ")[2]
    assert end.startswith("1;")
    assert "no figures" in end
    assert "hiccup" not in end


@pytest.mark.parametrize(("runtime", "asked"), [(800, [800, 1000, 1000]), (1500, [1500, 1500, 1500])])
def test_further_attempts_ask_for_more_memory_but_for_no_more_time_than_a_partition_allows(tmp_path, runtime, asked):
    workplace = Workplace(tmp_path / "study")
    needs = {"mem_mb": 500, "runtime": runtime, "max_runtime": 1000}
    workplace.edit(lambda study: study["encoders"]["mini"].update(resources=needs))
    workplace.tools = stand_in(tmp_path / "tools", '[ "$1" = train ] && exit 1')
    target = "results/tiny/checkpoints/mini/nli/seed1/manifest.json"
    done = workplace.snakemake("--cores", "1", "--retries", "2", "--nocolor", "--", target, check=False)
    said = re.findall(r"^localrule intermediate:.*?resources: ([^\n]*)", done.stdout + done.stderr, re.M | re.S)
    assert [int(re.search(r"\bruntime=(\d+)", one)[1]) for one in said] == asked
    assert [int(re.search(r"\bmem_mb=(\d+)", one)[1]) for one in said] == [500, 1000, 1500]


def test_after_ctrl_c_the_end_says_where_each_job_stopped(tmp_path):
    """An interrupt reaches the pipe that keeps a job's words too, and must not end it before the job."""
    workplace = Workplace(tmp_path / "study")
    log = workplace.results / "logs/intermediate/mini/nli/seed1.log"
    written = f"echo begun; until [ -s {log} ]; do sleep 0.1; done"
    interrupt = "trap '' INT; kill -INT 0; sleep 1; echo 'xstilts: error: stopped by SIGINT after step 5' >&2; exit 2"
    workplace.tools = stand_in(tmp_path / "tools", f'if [ "$1" = train ]; then {written}; {interrupt}; fi')
    target = "results/tiny/checkpoints/mini/nli/seed1/manifest.json"
    done = workplace.snakemake("--cores", "1", "--", target, check=False, start_new_session=True)
    assert done.returncode != 0
    end = (done.stdout + done.stderr).partition("Failed: 1;")[2]
    assert "stopped by SIGINT after step 5" in end
    assert "after step 5" in log.read_text()
