"""Measures of alignment: by hand, by the published formula, and under what must not change them."""

import csv
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xstilts import figures
from xstilts.analysis import pairs as pairs_module
from xstilts.analysis.measures import registry
from xstilts.analysis.pairs import Pairs
from xstilts.analysis.sentences import read_pairs
from xstilts.analysis.table import ALIGNMENT, collect_alignment, read_alignment
from xstilts.artifacts import write_json
from xstilts.errors import DataError, XstiltsError
from xstilts.tasks.base import Task


def value(measure: str, english: np.ndarray, other: np.ndarray, before: np.ndarray | None = None) -> float:
    return registry()[measure].of(Pairs(english, other, before))


@pytest.fixture
def cloud() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(400, 12)) + 3


@pytest.fixture
def rotation() -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(2).normal(size=(12, 12)))[0]


def test_identical_sides_are_perfectly_aligned(cloud):
    found = {name: measure.of(Pairs(cloud, cloud, cloud)) for name, measure in registry().items()}
    assert found["p_at_1_from_english"] == found["p_at_1_to_english"] == 100
    assert found["cka"] == pytest.approx(1)
    assert found["pretrained_cka"] == pytest.approx(1)
    assert found["pretrained_distance"] == pytest.approx(0, abs=1e-12)
    assert found["margin"] > 1
    assert found["cosine_gap"] > 0


def test_by_hand():
    english = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    other = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    # Cosines, English by row: 1 .6 0 / 0 .8 1 / .6 1 .8; pairs stand on the diagonal. All 3 are neighbours (3 < 4).
    assert value("p_at_1_from_english", english, other) == pytest.approx(100 / 3)
    assert value("p_at_1_to_english", english, other) == pytest.approx(100 / 3)
    assert value("cosine_gap", english, other) == pytest.approx(2.6 / 3 - 3.2 / 6)
    rows, columns = np.array([1.6, 1.8, 2.4]) / 3, np.array([1.6, 2.4, 1.8]) / 3
    margins = np.array([1.0, 0.8, 0.8]) / ((rows + columns) / 2)
    assert value("margin", english, other) == pytest.approx(margins.mean())
    assert value("pretrained_distance", english, other, english) == pytest.approx(1 - 2.6 / 3)


def test_the_directions_of_retrieval_differ():
    english = np.array([[1.0, 0.0], [0.98, 0.2]])
    other = np.array([[1.0, 0.1], [0.0, 1.0]])
    assert value("p_at_1_from_english", english, other) == 50
    assert value("p_at_1_to_english", english, other) == 100


def unbiased_hsic(k: np.ndarray, m: np.ndarray) -> float:
    """Song et al. 2012, equation 5, of two kernel matrices."""
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    terms = np.trace(k @ m), k.sum() * m.sum() / ((n - 1) * (n - 2)), 2 * (k @ m).sum() / (n - 2)
    return (terms[0] + terms[1] - terms[2]) / (n * (n - 3))


@pytest.mark.parametrize("n", [4, 9, 400])
def test_cka_is_the_published_formula_and_ignores_rotation_scale_and_shift(cloud, rotation, n):
    x = cloud[:n]
    y = np.tanh(x[:, ::-1] * 0.3) + np.random.default_rng(3).normal(size=x.shape)
    k, m = x @ x.T, y @ y.T
    by_formula = unbiased_hsic(k, m) / np.sqrt(unbiased_hsic(k, k) * unbiased_hsic(m, m))
    assert value("cka", x, y) == pytest.approx(by_formula)
    assert value("cka", x, 7 * y @ rotation + 2) == pytest.approx(by_formula)
    assert value("cka", x, x @ rotation) == pytest.approx(1)
    assert abs(by_formula) < 0.9


@pytest.mark.parametrize("decay", [0, 1])
def test_unrelated_vectors_have_no_cka_however_isotropic_they_are(decay):
    spectrum = np.arange(1.0, 257) ** -decay
    generator = np.random.default_rng(9)
    found = [value("cka", *(generator.normal(size=(150, 256)) * spectrum for _ in "xy")) for _ in range(20)]
    assert abs(np.mean(found)) < 0.02 and max(map(abs, found)) < 0.1


def test_three_pairs_are_too_few_for_cka(cloud):
    assert np.isnan(value("cka", cloud[:3], cloud[:3]))


def isoscore_as_published(points: np.ndarray) -> float:
    """The steps of Rudman et al. 2022, algorithm 1."""
    n = points.shape[1]
    variances = np.linalg.eigvalsh(np.cov(points.T))
    normalised = np.sqrt(n) * variances / np.linalg.norm(variances)
    defect = np.linalg.norm(normalised - 1) / np.sqrt(2 * (n - np.sqrt(n)))
    return ((n - defect**2 * (n - np.sqrt(n))) ** 2 - n) / (n * (n - 1))


def test_isoscore_is_the_published_one_near_1_for_a_ball_and_near_0_for_a_line(cloud):
    generator = np.random.default_rng(4)
    stretched = cloud * np.linspace(0.1, 3, 12)
    line = generator.normal(size=(400, 1)) * np.ones((1, 12)) + 1e-3 * generator.normal(size=(400, 12))
    for points in (cloud, stretched, line):
        assert value("isoscore", cloud, points) == pytest.approx(isoscore_as_published(points), abs=1e-9)
    assert value("isoscore", cloud, generator.normal(size=(20000, 12))) > 0.99
    assert value("isoscore", cloud, line) < 0.001


def test_what_does_not_vary_has_no_cka_nor_isoscore(cloud):
    still = np.full_like(cloud, 0.3, dtype=np.float32)
    assert np.isnan(value("cka", cloud, still))
    assert np.isnan(value("isoscore", cloud, still))


def test_the_probe_finds_a_language_by_a_shift_and_not_by_what_is_said(cloud):
    random = np.random.default_rng(8)
    shift = 4 * np.eye(12)[3]
    assert value("language_probe", cloud, cloud + shift) > 90
    # What separates the pairs from each other says nothing about the language; labels are those of the side alone.
    assert value("language_probe", cloud, cloud + 1e-3 * random.normal(size=cloud.shape)) == pytest.approx(50, abs=5)
    assert value("language_probe", cloud, cloud) == 50


def test_every_measure_states_its_source_and_range():
    for measure in registry().values():
        assert measure.description and measure.source and measure.title


def test_the_size_of_blocks_does_not_matter(cloud, monkeypatch):
    other = cloud + np.random.default_rng(5).normal(size=cloud.shape)
    names = [name for name in registry() if not name.startswith("p_at")]
    whole = [value(name, cloud, other, cloud) for name in names]
    monkeypatch.setattr(pairs_module, "BLOCK", 37)
    assert [value(name, cloud, other, cloud) for name in names] == pytest.approx(whole)


def test_memory_does_not_grow_with_the_square_of_the_pairs():
    vectors = np.random.default_rng(6).normal(size=(4000, 16)).astype(np.float32)
    tracemalloc.start()
    for measure in registry().values():
        measure.of(Pairs(vectors, vectors, vectors))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * vectors.nbytes  # a table of all cosines would be 250 times as large


TASK = Task(
    name="toy_pairs",
    type="retrieval",
    languages={"test": ("de",)},
    files=lambda split, language: (),
    read=lambda root, split, language: iter(()),
    metrics=("accuracy",),
    licence="",
    citation="",
)


def pretend_rows(monkeypatch, **folders):
    monkeypatch.setattr("xstilts.analysis.sentences.load_rows", lambda folder, split, language: folders[folder.name])


def pair(name: int, text: str, english: str) -> dict[str, str]:
    return {"id": str(name), "language": "de", "text": text, "english": english}


def test_pairs_share_no_sentence_and_are_the_same_under_every_condition(monkeypatch):
    clean = [
        pair(1, "a", "A"),
        pair(2, "b", "A"),
        pair(3, "a", "C"),
        *(pair(n, f"t{n}", f"E{n}") for n in range(4, 30)),
    ]
    noisy = [row | {"text": row["text"] + "!"} for row in clean]
    pretend_rows(monkeypatch, clean=clean, noisy=noisy)
    every = read_pairs(TASK, Path("clean"), Path("clean"), "de", None)
    assert len(every.english) == 27
    assert len(set(every.english)) == len(set(every.other)) == 27
    few = read_pairs(TASK, Path("clean"), Path("clean"), "de", 5)
    under = read_pairs(TASK, Path("clean"), Path("noisy"), "de", 5)
    assert len(few.other) == 5
    assert under.english == few.english
    assert under.other == [text + "!" for text in few.other]


def test_rows_that_do_not_fit_are_one_line(monkeypatch):
    pretend_rows(
        monkeypatch, clean=[pair(1, "a", "A"), pair(2, "b", "B")], noisy=[pair(1, "a", "A")], one=[pair(1, "a", "A")]
    )
    with pytest.raises(DataError, match="test-de has no row '2'"):
        read_pairs(TASK, Path("clean"), Path("noisy"), "de", None)
    with pytest.raises(DataError, match="1 sentence pairs in de"):
        read_pairs(TASK, Path("one"), Path("one"), "de", None)


MEASURED = {"language": "de", "condition": "clean", "strength": 0, "layer": 0, "measure": "cka", "value": 0.5, "n": 9}
RUNS = [
    {"encoder": "mini", "arm": "none", "seeds": ["pretrained"], "conditions": ["clean", "noise"]},
    {"encoder": "mini", "arm": "nli", "seeds": ["seed1", "seed2"], "conditions": ["clean", "noise"]},
    {"encoder": "mini", "arm": "nli/pos", "seeds": ["seed1"], "conditions": ["clean"]},
]


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    for run in RUNS:
        for seed in run["seeds"]:
            intermediate, _, target = run["arm"].partition("/")
            phase = "pretrained" if seed == "pretrained" else "target" if target else "intermediate"
            rows = [
                {
                    "condition": condition,
                    "strength": 0.0 if condition == "clean" else 0.1,
                    "language": code,
                    "layer": layer,
                    "measure": name,
                    "value": 0.1 * layer + 0.01 * len(seed),
                    "n": 40,
                }
                for condition in run["conditions"]
                for code in ("de", "th")
                for layer in range(3)
                for name in ("p_at_1_from_english", "cka")
            ]
            content = {"study": "small", "encoder": "mini", "intermediate": intermediate, "method": "standard"}
            content |= {"phase": phase, "target": target or None, "measures": rows}
            content |= {"seed": None if phase == "pretrained" else int(seed[4:])}
            write_json(tmp_path / "alignment/mini" / run["arm"] / f"{seed}.json", content)
    return tmp_path


def table_of(folder: Path) -> Path:
    collect_alignment(folder / "alignment", RUNS, folder / "alignment.csv", folder / "alignment.parquet")
    return folder / "alignment.csv"


def test_the_table_has_every_checkpoint_once(measured):
    path = table_of(measured)
    rows = list(csv.DictReader(path.open()))
    assert tuple(rows[0]) == ALIGNMENT.columns
    assert len(rows) == (2 + 4 + 1) * 2 * 3 * 2
    assert {(row["phase"], row["intermediate"], row["target"], row["seed"]) for row in rows} == {
        ("pretrained", "none", "", ""),
        ("intermediate", "nli", "", "1"),
        ("intermediate", "nli", "", "2"),
        ("target", "nli", "pos", "1"),
    }
    read = read_alignment(path)
    parquet = pd.read_parquet(measured / "alignment.parquet")
    assert list(parquet.columns) == list(read.columns)
    assert np.allclose(parquet["value"], read["value"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 3}, "seed is 3, not 1 as its path says"),
        ({"target": "nli"}, "target is 'nli', not None"),
        ({"phase": "later"}, "phase: 'later' is not one of"),
        (
            {"measures": [MEASURED | {"value": float("nan")}]},
            "value is nan",
        ),
        ({"measures": [MEASURED]}, "measured under clean, not clean, noise"),
    ],
)
def test_a_foreign_or_malformed_file_is_one_line(measured, change, message):
    path = measured / "alignment/mini/nli/seed1.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(XstiltsError, match=message) as caught:
        table_of(measured)
    assert "\n" not in str(caught.value)
    assert not (measured / "alignment.csv").exists()


def test_the_figure_shows_each_recipe_by_layer_clean_beside_perturbed(measured):
    context = {
        "seeds": [1, 2],
        "encoders": {"mini": {"covered_languages": ["en", "de", "th"]}},
        "intermediate": {"none": {}, "nli": {}},
        "conditions": {
            "clean": {"strength": 0.0, "perturbation": None},
            "noise": {"strength": 0.1, "perturbation": "char_noise"},
        },
        "alignment": {
            "task": "tatoeba",
            "pooling": "mean",
            "checkpoints": ["pretrained", "intermediate", "target"],
            "measures": ["p_at_1_from_english", "cka"],
            "conditions": {"clean": ["de", "th"], "noise": ["de", "th"]},
        },
    }
    figure = figures.draw("alignment_layers", read_alignment(table_of(measured)), context, {})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["clean", "noise", "clean", "noise"]
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "P@1, English queries (%)",
        "",
        "linear CKA with English",
        "",
    ]
    lines = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", "", None)]
    assert [list(line.get_xdata()) for line in lines] == [[0, 1, 2], [0, 1, 2]]
    assert lines[1].get_ydata() == pytest.approx([0.05, 0.15, 0.25])
