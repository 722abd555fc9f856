"""Figures of a synthetic study."""

import itertools
import json
import re
import string
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import score_tables
from matplotlib import rcParams
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from xstilts import figures
from xstilts.analysis.runs import read_curves
from xstilts.errors import ConfigError
from xstilts.questions.answers import Tables, answer_questions, main_answers
from xstilts.questions.covariates import beside_scores
from xstilts.questions.summary import summary

NAMES = ["gain_heatmap", "language_scores", "noise_curve", "layers"]
ANSWERS = "forest"
CURVES = "training_curves"


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    return score_tables.context(targets=("xnli", "tatoeba"))


@pytest.fixture(scope="module")
def scores(study: dict[str, Any]) -> pd.DataFrame:
    return score_tables.scores(study)


@pytest.fixture(scope="module")
def drawn(study: dict[str, Any], scores: pd.DataFrame) -> dict[str, Figure]:
    return {name: figures.draw(name, scores, study, {}) for name in NAMES}


def text_of(figure: Figure) -> str:
    return " ".join(found.get_text() for found in figure.findobj(Text)).replace("\n", " ")


def test_every_figure_is_written_as_svg_and_png_and_indexed(
    study: dict[str, Any], scores: pd.DataFrame, tmp_path: Path
) -> None:
    scores.to_csv(tmp_path / "scores.csv", index=False)
    main_answers(tmp_path / "scores.csv", study, tmp_path / "answers.csv")
    score_tables.write_training(study, tmp_path)
    tables = [tmp_path / f"{name}.csv" for name in ("scores", "answers", "curves")]
    figures.draw_all(*tables, study, {"dpi": 60}, tmp_path / "figures")
    index = json.loads((tmp_path / "figures" / "figures.json").read_text())
    assert [about["name"] for about in index] == [ANSWERS, *NAMES, CURVES] == figures.names(study)
    for about in index:
        assert about["caption"] and about["alt"] and about["title"]
        assert all((tmp_path / "figures" / name).stat().st_size > 1000 for name in about["files"])
    assert (tmp_path / "figures" / "layers.svg").read_bytes().startswith(b"<?xml")
    assert b"<dc:date>" not in (tmp_path / "figures" / "layers.svg").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_scores_give_the_same_bytes(
    study: dict[str, Any], scores: pd.DataFrame, name: str, tmp_path: Path
) -> None:
    written = []
    for folder, rows in [("one", scores), ("two", scores.sample(frac=1, random_state=1))]:
        paths = figures.save(figures.draw(name, rows, study, {"dpi": 50}), tmp_path / folder, name)
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_says_its_n(drawn: dict[str, Figure], name: str) -> None:
    text = text_of(drawn[name])
    assert "n = " in text and "3 seeds" in text
    assert "10 languages" in text or name == "language_scores"


def test_the_heat_map_prints_gain_and_interval(drawn: dict[str, Figure]) -> None:
    cells = [found.get_text() for found in drawn["gain_heatmap"].axes[0].texts]
    assert len(cells) == 3 * 3 and all(re.fullmatch(r"[+−]\d\.\d\n± \d\.\d", cell) for cell in cells)
    assert [float(cell.split()[0].replace("−", "-")) for cell in cells[2::3]] == pytest.approx([4, 1, -3], abs=0.7)


def test_missing_scores_leave_a_marked_cell(study: dict[str, Any], scores: pd.DataFrame) -> None:
    partial = scores[~((scores["intermediate"] == "nli") & (scores["target"] == "xnli"))]
    cells = [found.get_text() for found in figures.draw("gain_heatmap", partial, study, {}).axes[0].texts]
    assert cells.count("n/a") == 2  # nli on xnli, and nli's mean


def test_a_gain_whose_interval_is_not_known_is_not_marked_as_clear(study: dict[str, Any], scores: pd.DataFrame) -> None:
    alone = scores[(scores["seed"] == study["seeds"][0]) & (scores["language"] == "de")]
    texts = figures.draw("gain_heatmap", alone, study | {"seeds": study["seeds"][:1]}, {}).axes[0].texts
    shown = [text for text in texts if text.get_text() != "n/a"]
    assert shown and all(text.get_text().endswith("± —") and text.get_weight() == "normal" for text in shown)


@pytest.mark.parametrize("count", [2, 8, 11])
@pytest.mark.parametrize("size", [7, 10])
def test_the_heat_maps_headers_do_not_run_into_each_other(
    study: dict[str, Any], scores: pd.DataFrame, count: int, size: float
) -> None:
    names = [f"target_{number:02}" for number in range(count)]
    many = study | {"targets": dict.fromkeys(names, study["targets"]["xnli"])}
    rows = scores[scores["target"] == "xnli"]
    table = pd.concat([rows.assign(target=name) for name in names])
    figure = figures.draw("gain_heatmap", table, many, {"font_size": size})
    figure.draw_without_rendering()
    labels = figure.axes[0].get_xticklabels()
    boxes = [label.get_window_extent() for label in labels]
    slanted = {label.get_rotation() for label in labels} == {45.0}
    assert slanted or not any(left.overlaps(right) for left, right in itertools.pairwise(boxes))
    assert not slanted or count > 2


def test_colours_come_from_the_style_alone(study: dict[str, Any], scores: pd.DataFrame) -> None:
    def colours(style: dict[str, Any]) -> set[str]:
        axes = figures.draw("noise_curve", scores, study, style).axes[0]
        return {to_hex(line.get_color()).upper() for line in axes.lines} - {"#777777"}

    ours = ["#112233", "#445566", "#778899", "#AABBCC"]
    assert colours({"palette": ours}) == set(ours)
    assert colours({}) == {"#000000", "#E69F00", "#0072B2", "#009E73"}


def test_recipes_differ_without_colour(drawn: dict[str, Figure]) -> None:
    lines = [line for line in drawn["noise_curve"].axes[0].lines if line.get_marker() != "None"]
    assert len({line.get_marker() for line in lines}) == len({str(line.get_linestyle()) for line in lines}) == 4


def test_drawing_leaves_matplotlibs_settings_alone(study: dict[str, Any], scores: pd.DataFrame, tmp_path: Path) -> None:
    before = dict(rcParams)
    figures.save(figures.draw("layers", scores, study, {"font_size": 12}), tmp_path, "layers")
    assert dict(rcParams) == before


def test_only_figures_with_something_to_show_are_drawn(study: dict[str, Any]) -> None:
    clean = study | {"conditions": {"clean": {"strength": 0.0, "perturbation": None}}}
    assert "noise_curve" not in figures.names(clean)
    unscored = {name: about | {"targets": []} for name, about in study["conditions"].items()}
    assert "noise_curve" not in figures.names(study | {"conditions": unscored})
    assert "layers" not in figures.names(score_tables.context(targets=("xnli",)))
    assert "gain_heatmap" not in figures.names(score_tables.context({"none": 0.0}))


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ({"pallete": []}, "did you mean palette"),
        ({"palette": ["reddish"]}, "'reddish' is not a colour"),
        ({"palette": "#000000"}, "not a list"),
        ({"dpi": 5}, "figures.dpi"),
        ({"font_size": "big"}, "figures.font_size"),
    ],
)
def test_bad_style_is_refused(study: dict[str, Any], scores: pd.DataFrame, style: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        figures.draw("layers", scores, study, style)


def test_an_unknown_figure_is_refused(study: dict[str, Any], scores: pd.DataFrame) -> None:
    with pytest.raises(ConfigError, match=r"figures: .*gain_heatmap"):
        figures.draw("pie", scores, study, {})


def test_a_forest_has_a_line_for_every_language(study: dict[str, Any], scores: pd.DataFrame) -> None:
    figure = figures.draw("forest", answer_questions(Tables(scores), study, 200), study, {})
    panels = [axes for axes in figure.axes if axes.has_data()]
    assert len(panels) == 4
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["all", *sorted(score_tables.COVERED)]
    assert panels[0].get_title(loc="left") == "gain: nli - none"


def test_a_forest_of_one_language_tells_it_once(study: dict[str, Any], scores: pd.DataFrame) -> None:
    asked = study | {"questions": {"home": score_tables.question("?", ["nli"], targets=["xnli"], languages="english")}}
    figure = figures.draw("forest", answer_questions(Tables(scores), asked, 200), asked, {})
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["en"]


def test_the_scatter_names_every_recipe(study: dict[str, Any], scores: pd.DataFrame) -> None:
    rows = [("mini", name, name, 1, "pvi", 1.0 + len(name), 10) for name in ("nli", "qa", "commonsense")]
    difficulty = pd.DataFrame(rows, columns=["encoder", "intermediate", "task", "seed", "measure", "value", "n"])
    asked = study | {"difficulty": ["pvi"]}
    assert "difficulty_scatter" in figures.names(asked)
    figure = figures.draw("difficulty_scatter", beside_scores(difficulty, summary(scores, study)), asked, {})
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named == ["nli", "qa", "commonsense", "chance"]
    assert all(len({(line.get_marker(), line.get_color()) for line in axes.lines[:3]}) == 3 for axes in figure.axes)


def test_a_measure_that_tells_no_recipes_apart_is_not_drawn(study: dict[str, Any], scores: pd.DataFrame) -> None:
    values = {"pvi": [0.1, 0.2], "variability": [0.0, 0.0]}
    rows = [
        ("mini", n, n, 1, m, v, 10) for m, found in values.items() for n, v in zip(("nli", "qa"), found, strict=True)
    ]
    difficulty = pd.DataFrame(rows, columns=["encoder", "intermediate", "task", "seed", "measure", "value", "n"])

    def drawn(measures: list[str]) -> set[str]:
        table = beside_scores(difficulty[difficulty["measure"].isin(measures)], summary(scores, study))
        figure = figures.draw("difficulty_scatter", table, study | {"difficulty": measures}, {})
        return {axes.get_xlabel().split(" (")[0] for axes in figure.axes if axes.has_data()}

    assert drawn(["pvi", "variability"]) == {"pvi"}
    assert drawn(["variability"]) == {"variability"}


@pytest.mark.parametrize("languages", [12, 33, 41])
def test_the_names_of_many_languages_do_not_touch(study: dict[str, Any], scores: pd.DataFrame, languages: int) -> None:
    pairs = map("".join, itertools.product("mnwq", string.ascii_lowercase))
    codes = ["en", *itertools.islice(pairs, languages - 1)]
    rows = scores[(scores["target"] == "xnli") & (scores["language"] == "de")]
    table = pd.concat([rows.assign(language=code) for code in codes])
    asked = study | {"targets": {"xnli": study["targets"]["xnli"] | {"languages": codes}}}
    asked["encoders"] = {"mini": {"description": "", "covered_languages": None}}
    figure = figures.draw("language_scores", table, asked, {})
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert len(boxes) == languages
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


@pytest.fixture(scope="module")
def curves(study: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("training")
    score_tables.write_training(study, folder)
    return read_curves(folder / "curves.csv")


def test_training_curves_have_a_panel_per_intermediate_task_and_target(
    study: dict[str, Any], curves: pd.DataFrame
) -> None:
    figure = figures.draw(CURVES, curves, study, {})
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "intermediate mnli",
        "intermediate squad squad_v2",
        "intermediate commonsenseqa",
        "target xnli",
    ]
    target = figure.axes[-1]
    means = {str(line.get_color()): line for line in target.lines if line.get_marker() != "None"}
    assert len(means) == 4  # one line per recipe
    for line in means.values():
        assert list(line.get_xdata()) == [25, 50, 75, 100] and list(line.get_ydata()) == [47, 52, 57, 62]
    assert "n = 150 dev examples, 3 seeds" in text_of(figure)


def test_training_curves_draw_chance_where_all_tasks_of_a_panel_share_it(
    study: dict[str, Any], curves: pd.DataFrame
) -> None:
    panels = figures.draw(CURVES, curves, study, {}).axes
    levels = [[line.get_ydata()[0] for line in axes.lines if line.get_color() == "#777777"] for axes in panels]
    assert levels == [[pytest.approx(100 / 3)], [], [20], [pytest.approx(100 / 3)]]


def test_training_curves_show_what_a_method_reports_beside_its_chance(study: dict[str, Any], tmp_path: Path) -> None:
    recipes = study["intermediate"] | {"nli": study["intermediate"]["nli"] | {"method": "dann"}}
    adversarial = study | {"intermediate": recipes}
    score_tables.write_training(adversarial, tmp_path)
    panel = figures.draw(CURVES, read_curves(tmp_path / "curves.csv"), adversarial, {}).axes[-1]
    assert panel.get_title(loc="left") == "reported by dann"
    (line,) = [line for line in panel.lines if line.get_marker() != "None"]
    assert list(line.get_ydata()) == [35, 30, 25, 20]
    assert [line.get_ydata()[0] for line in panel.lines if line.get_color() == "#777777"] == [10]


def test_a_study_that_trains_nothing_has_no_training_curves() -> None:
    assert CURVES not in figures.names(score_tables.context({"none": 0.0}, targets=("tatoeba",)))
