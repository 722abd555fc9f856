"""The report of a synthetic study, read as a browser would."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import score_tables

from xstilts import figures
from xstilts.analysis.runs import read_runs
from xstilts.errors import DataError, XstiltsError
from xstilts.questions.answers import Tables, answer_questions, main_answers
from xstilts.report.build import build_report, write_report

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """Collects tags, attributes, text and nesting errors."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.errors: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    found = score_tables.context(targets=("xnli", "tatoeba"))
    found["title"] = "<script>alert('title')</script> & more"
    found["questions"]["itself"] = score_tables.question("Nothing at all?", ["none"])
    return found


def write(study: dict[str, Any], folder: Path) -> None:
    tables = [folder / f"{name}.csv" for name in ("scores", "answers", "training")]
    write_report(*tables, study, folder / "figures", folder / "report.html")


@pytest.fixture(scope="module")
def folder(study: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    scores = score_tables.scores(study)
    scores[~((scores["intermediate"] == "qa") & (scores["seed"] == 1))].to_csv(folder / "scores.csv", index=False)
    study["manifests"] = [{"path": str(folder / "checkpoints" / "a b" / "manifest.json"), "kind": "checkpoint"}]
    main_answers(folder / "scores.csv", study, folder / "answers.csv")
    score_tables.write_training(study, folder)
    tables = {name: folder / f"{name}.csv" for name in ("scores", "answers", "curves", "training")}
    figures.draw_all(tables["scores"], tables["answers"], tables["curves"], study, {"dpi": 50}, folder / "figures")
    write(study, folder)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text())


def test_it_is_well_formed(page: Page) -> None:
    assert not page.errors and not page.open
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert [tag for tag, _ in page.tags if tag == "h1"] == ["h1"]


def test_it_needs_nothing_but_itself(page: Page) -> None:
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    sources = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert len(sources) == 6 and all(source and source.startswith("data:image/svg+xml;base64,") for source in sources)
    links = [attributes["href"] or "" for _, attributes in page.tags if "href" in attributes]
    assert not [link for link in links if ":" in link or link.startswith("/")]


def test_it_starts_with_the_answers_in_words(page: Page) -> None:
    positions = [
        page.text.index(words)
        for words in (
            "Supported: effect +",
            "Answers by language",
            "Score against noise",
            "Scores in percent",
            "Gain of each",
        )
    ]
    assert positions == sorted(positions)
    assert re.search(r"nli − none Supported: effect \+4\.\d points \[3\.\d, 4\.\d\], 10 languages × 3 seeds", page.text)


def test_negative_and_inconclusive_answers_are_said_as_plainly(page: Page) -> None:
    assert "commonsense − none Refuted: effect −" in page.text
    assert "Inconclusive: a recipe against itself, effect +0.0 points [0.0, 0.0]" in page.text
    assert "qa − none Not answered: missing mini/qa/xnli/seed1/clean" in page.text


def test_a_question_that_fails_is_told_beside_the_answers(study: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    bad = score_tables.question("Which?", ["nli"], condition="swap20", outcome="drop", baseline="nothing")
    asked = study | {"questions": {"bad": bad} | study["questions"]}
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    main_answers(tmp_path / "scores.csv", asked, tmp_path / "answers.csv")
    write(asked, tmp_path)
    text = Page((tmp_path / "report.html").read_text()).text
    assert "nli − nothing Not answered: failed: questions: baseline 'nothing' is not one of none" in text
    assert "nli − none Supported" in text


def test_a_loss_is_shown_beside_the_clean_scores_it_is_lost_from(page: Page, folder: Path) -> None:
    scores = pd.read_csv(folder / "scores.csv")
    scores = scores[(scores["condition"] == "clean") & (scores["metric"] == "accuracy")]
    clean = scores[scores["language"].isin(score_tables.COVERED)]
    mean = clean.groupby(["intermediate", "target"])["value"].mean().groupby("intermediate").mean()
    expected = f"Clean, nli scores {mean['nli']:.1f} and none {mean['none']:.1f}: who scores less has less to lose."
    assert expected in page.text


def test_the_study_file_cannot_inject_markup(folder: Path) -> None:
    html = (folder / "report.html").read_text()
    assert "<script" not in html and "&lt;script&gt;alert(" in html


def test_every_figure_has_alternative_text_and_a_caption(page: Page) -> None:
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert all(len(image["alt"] or "") > 20 for image in images)
    assert sum(tag == "figcaption" for tag, _ in page.tags) == len(images)


def test_it_says_how_the_numbers_were_made(page: Page) -> None:
    for words in ("snakemake --cores all", "learning_rate = 1e-05", "CC-BY-4.0", "Swahili (not covered)", "torch 2"):
        assert words in page.text
    assert "checkpoints/a%20b/manifest.json" in [attributes.get("href") for _, attributes in page.tags]


def test_it_says_what_training_took_and_reached(page: Page) -> None:
    training = page.text[page.text.index("Intermediate training") :]
    before, after = training[: training.index("Conditions")].split("Fine-tuning on xnli")
    assert "none" not in before and "Fine-tuning on tatoeba" not in after
    for words in ("62.0 accuracy", "61.0 to 63.0", "1,280", "1e-05", "3.8 min", "cpu, 2 thread(s)"):
        assert before.count(words) == 3 and after.count(words) == 4  # recipes


def test_the_same_input_gives_the_same_bytes(study: dict[str, Any], folder: Path) -> None:
    before = (folder / "report.html").read_bytes()
    write(study, folder)
    assert (folder / "report.html").read_bytes() == before


def test_without_figures_nothing_is_written(study: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    scores = score_tables.scores(study)
    answers = answer_questions(Tables(scores), study, 100)
    runs = read_runs(folder / "training.csv")
    with pytest.raises(XstiltsError, match="no such file"):
        build_report(scores, answers, runs, study, tmp_path, tmp_path / "report.html")
    (tmp_path / "figures.json").write_bytes((folder / "figures" / "figures.json").read_bytes())
    with pytest.raises(DataError, match="draw the figures again"):
        build_report(scores, answers, runs, study, tmp_path, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
