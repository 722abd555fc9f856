"""The end of a run in which something failed."""

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
