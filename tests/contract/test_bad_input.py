"""Mistakes stop a run before its first job, or at the job that meets them, with one line and nothing written."""

import os
import shutil
from pathlib import Path

import pytest

from workflow import ROOT, Workplace
from xstilts.cli import main


def said(done) -> str:
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda study: study.update(sedes=[1]), "unknown key 'sedes'; did you mean 'seeds'?"),
        (
            lambda study: study["targets"]["pos"].update(task="mini_pso"),
            "unknown task 'mini_pso'; did you mean mini_pos",
        ),
        (lambda study: study.update(seeds="all"), 'seeds: found "all"; allowed: a list'),
        (lambda study: study["targets"]["pos"].update(languages=["en", "ko"]), "task mini_pos has no 'ko'"),
    ],
)
def test_a_wrong_study_stops_even_the_plan(tmp_path, change, words):
    workplace = Workplace(tmp_path / "study")
    workplace.edit(change)
    done = workplace.snakemake("--dry-run", check=False)
    assert done.returncode != 0
    (line,) = [line for line in said(done).splitlines() if line.startswith("config: ")]
    assert words in line
    assert not workplace.results.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [("paln", "no command 'paln'; did you mean 'plan'?"), ("frobnicate", "`xstilts --help` lists them")],
)
def test_a_mistyped_command_is_one_line(typed, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main([typed])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_a_study_without_a_name_is_not_mixed_with_the_default_one(tmp_path):
    workplace = Workplace(tmp_path / "study")
    workplace.edit(lambda study: study.pop("study"))
    done = workplace.snakemake("--dry-run", check=False)
    assert done.returncode != 0 and "key 'study' is missing; add it" in said(done)


def test_a_key_that_stands_twice_stops_even_the_plan(tmp_path):
    workplace = Workplace(tmp_path / "study")
    workplace.study.write_text(workplace.study.read_text() + "seeds: [1]\nseeds: [2]\n")
    done = workplace.snakemake("--dry-run", check=False)
    assert done.returncode != 0 and "key 'seeds' stands twice" in said(done)


def test_a_table_of_errors_that_is_not_there_stops_even_the_plan(tmp_path):
    typos = {"perturbation": "natural", "strength": 0.1, "options": {"files": {"de": "typos.txt"}}, "languages": ["de"]}
    workplace = Workplace(tmp_path / "study")
    workplace.edit(lambda study: study["conditions"].update(typos=typos))
    done = workplace.snakemake("--dry-run", check=False)
    assert done.returncode != 0
    assert "conditions.typos.options.files.de: typos.txt: no such file" in said(done)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "--gpus", "-3"], "'-3' is not a whole number of at least 1"),
        (["plan", "--price", "-1"], "'-1' is not a number of at least 0"),
        (["plan", "--directory", "nowhere"], "--directory nowhere: no such folder"),
        (["cache", "gc", "--keep", "nan"], "'nan' is not a number of at least 0"),
        (["tasks", "xnli", "--rows", "0"], "'0' is not a whole number of at least 1"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, words, capsys, monkeypatch, tmp_path):
    shutil.copy(ROOT / "config.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2 and words in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def real_study(tmp_path, data_dir) -> Workplace:
    workplace = Workplace(tmp_path / "study", ROOT / "tests" / "real.yaml")
    workplace.edit(lambda study: study.update(data_dir=str(data_dir)))
    return workplace


def test_a_data_folder_that_is_not_there_stops_the_run_before_its_first_job(tmp_path):
    workplace = real_study(tmp_path, tmp_path / "nowhere")
    assert workplace.snakemake("--dry-run").returncode == 0
    done = workplace.snakemake("--cores", "1", check=False)
    assert done.returncode != 0
    assert f"data_dir {tmp_path / 'nowhere'} is not a folder" in said(done)
    assert not workplace.results.exists()


def test_results_that_cannot_be_written_stop_the_run_before_its_first_job(tmp_path):
    workplace = Workplace(tmp_path / "study")
    workplace.edit(lambda study: study.update(results="/proc/results"))
    done = workplace.snakemake("--cores", "1", check=False)
    assert done.returncode != 0
    assert "/proc/results/tiny/run.lock: cannot write here" in said(done)
    assert "Finished jobid" not in said(done)


@pytest.fixture
def data_dir(tmp_path) -> Path:
    if "XSTILTS_DATA_DIR" not in os.environ:
        pytest.skip("set XSTILTS_DATA_DIR to a folder in XTREME's download layout")
    folder = tmp_path / "data"
    for name in ("xnli/dev-de.tsv", "xnli/dev-en.tsv", "snli/dev.jsonl", "snli/test.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(os.environ["XSTILTS_DATA_DIR"]) / name, folder / name)
    return folder


def cut_last_row(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def drop_last_row(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def change_a_label(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\tneutral\n", b"\tmaybe\n", 1))


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut_last_row, "dev-de.tsv:2490: "),
        (drop_last_row, "2489 rows instead of 2490"),
        (change_a_label, "'maybe'"),
        (Path.unlink, "xnli/dev-de.tsv"),
    ],
)
def test_a_damaged_data_file_is_named_and_nothing_half_prepared_stays(tmp_path, data_dir, damage, words):
    damage(data_dir / "xnli/dev-de.tsv")
    workplace = real_study(tmp_path, data_dir)
    done = workplace.snakemake("--cores", "1", "--", "results/real/data/xnli/clean/manifest.json", check=False)
    assert done.returncode != 0
    lines = {line for line in said(done).splitlines() if line.startswith("xstilts: error:")}
    assert len(lines) == 1
    assert words in lines.pop()
    assert not (workplace.results / "data/xnli/clean").exists()


@pytest.mark.mirror
def test_real_files_prepare_and_moving_them_makes_nothing_run_again(tmp_path, data_dir):
    workplace = real_study(tmp_path, data_dir)
    files = [f"results/real/data/{name}/manifest.json" for name in ("xnli/clean", "snli/train")]
    workplace.run(*files)
    moved = data_dir.rename(tmp_path / "moved")
    workplace.edit(lambda study: study.update(data_dir=str(moved)))
    done = workplace.snakemake("--dry-run", "--", *files)
    assert "Nothing to be done" in said(done)


def test_an_interrupted_command_is_one_line_too(monkeypatch, capsys):
    def interrupted(path, overrides):
        raise KeyboardInterrupt

    monkeypatch.setattr("xstilts.study.load_study", interrupted)
    with pytest.raises(SystemExit, match="130"):
        main(["check", str(ROOT / "config.yaml")])
    assert capsys.readouterr().err == "xstilts: error: interrupted; run again to go on\n"


def test_a_path_that_leads_nowhere_is_not_a_full_disk(tmp_path, capsys):
    arguments = [
        "--recipe",
        "{}",
        "--parent",
        f"{tmp_path}/x",
        "--data",
        "y",
        "--output",
        f"{tmp_path}/z",
        "--label",
        "l",
    ]
    with pytest.raises(SystemExit, match="2"):
        main(["train", *arguments])
    assert f"{tmp_path}/x/manifest.json: No such file or directory; check the path" in capsys.readouterr().err
