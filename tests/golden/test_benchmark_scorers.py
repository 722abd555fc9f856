"""The numbers of the benchmarks' own scorers, which were run once: on hand-made cases and on corrupted real answers."""

import json
import os
from pathlib import Path

import corruption
import pytest

from xstilts import metrics, tasks
from xstilts.errors import DataError
from xstilts.sources.squad import read_squad

GOLDEN = Path(__file__).parent
MIRROR = Path(os.environ.get("XSTILTS_DATA_DIR", "absent"))
needs_mirror = pytest.mark.skipif(not MIRROR.is_dir(), reason="XSTILTS_DATA_DIR does not name the benchmarks' files")

# By MLQA's mlqa_evaluation_v1.py, SQuAD's evaluate-v2.0.py, and XTREME-R's average precision and reciprocal rank.
MLQA, SQUAD_V2, RANKINGS, ON_MIRROR = (
    json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("mlqa", "squad_v2", "ranking", "mirror")
)
QA_FILES = {
    "xquad": ("xquad/xquad.{}.json", "f1", "exact_match"),
    "mlqa": ("mlqa/MLQA_V1/dev/dev-context-{0}-question-{0}.json", "mlqa_f1", "mlqa_exact_match"),
    "tydiqa": ("tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.{}.train.json", "f1", "exact_match"),
}
FAR = 1e9


@pytest.mark.parametrize("case", MLQA, ids=lambda case: case["case"])
def test_mlqa_equals_its_scorer(case):
    for metric in ("exact_match", "f1"):
        assert metrics.score("span_qa", f"mlqa_{metric}", [case]) == pytest.approx(100 * case[metric], abs=1e-12)


def test_mlqa_knows_its_seven_languages_only():
    with pytest.raises(DataError, match="language 'th': MLQA's scorer has ar de en es hi vi zh"):
        metrics.score("span_qa", "mlqa_f1", [{"pred": "ก", "gold": ["ก"], "language": "th"}])


def v2_rows(threshold=FAR):
    return [
        case | {"nbest": [{"text": case["pred"]}], "pred": "" if case["no_answer"] > threshold else case["pred"]}
        for case in SQUAD_V2["cases"]
    ]


@pytest.mark.parametrize("row", v2_rows(), ids=lambda row: row["case"])
def test_squad_v2_equals_its_scorer_on_single_questions(row):
    for metric in ("exact_match", "f1"):
        assert metrics.score("span_qa", f"squad_v2_{metric}", [row]) == pytest.approx(100 * row[metric], abs=1e-12)


OURS = {
    "exact": "squad_v2_exact_match",
    "f1": "squad_v2_f1",
    "HasAns_exact": "squad_v2_has_answer_exact_match",
    "HasAns_f1": "squad_v2_has_answer_f1",
    "NoAns_exact": "squad_v2_no_answer_accuracy",
    "NoAns_f1": "squad_v2_no_answer_accuracy",
    "best_exact": "squad_v2_oracle_exact_match",
    "best_f1": "squad_v2_oracle_f1",
}


@pytest.mark.parametrize("threshold", SQUAD_V2["totals"])
@pytest.mark.parametrize("official", OURS)
def test_squad_v2_equals_its_scorer_at_a_threshold(official, threshold):
    value = metrics.score("span_qa", OURS[official], v2_rows(float(threshold)))
    assert value == pytest.approx(SQUAD_V2["totals"][threshold][official], abs=1e-12)


def test_squad_v2_finds_the_scorers_best_threshold():
    expected = SQUAD_V2["totals"][str(FAR)]["best_f1_thresh"]
    assert metrics.squad_v2.best_threshold(v2_rows()) == expected
    assert metrics.score("span_qa", "squad_v2_f1", v2_rows(expected)) == pytest.approx(
        SQUAD_V2["totals"][str(FAR)]["best_f1"]
    )


@pytest.mark.parametrize("case", RANKINGS, ids=lambda case: case["id"])
def test_average_precision_equals_that_of_xtreme_r(case):
    pool = [f"c{number}" for number in range(60)]
    row = {"gold": case["gold"], "pred": corruption.ranking(case["id"], case["gold"], pool)}
    value = metrics.score("pool_retrieval", "map_20", [row])
    assert value == pytest.approx(100 * case["average_precision"], abs=1e-12)
    assert value == pytest.approx(100 * case.get("reciprocal_rank", value / 100), abs=1e-12)


def test_a_candidate_counts_once_and_only_among_the_first_twenty():
    twice = {"gold": ["a", "b"], "pred": ["a", "a", "x", "b"]}
    assert metrics.score("pool_retrieval", "map_20", [twice]) == pytest.approx(100 * (1 + 2 / 4) / 2)
    late = {"gold": ["a"], "pred": [*map(str, range(20)), "a"]}
    assert metrics.score("pool_retrieval", "map_20", [late]) == 0


def test_bucc_f1_is_that_of_the_sets_of_pairs():
    rows = [
        {"gold": ["t1"], "mined": "t1"},
        {"gold": ["t2"], "mined": "t9"},
        {"gold": ["t3"], "mined": None},
        {"gold": [], "mined": "t4"},
        {"gold": [], "mined": None},
    ]
    precision, recall = 1 / 3, 1 / 3
    expected = 100 * 2 * precision * recall / (precision + recall)
    assert metrics.score("pool_retrieval", "bucc_f1", rows) == pytest.approx(expected)
    assert metrics.score("pool_retrieval", "bucc_f1", rows[-1:]) == 0


def questions(path, language):
    """Rows with ids of their own: the mirror's TyDiQA files repeat theirs."""
    return [
        question.row(language) | {"id": f"{number}-{question.id}"} for number, question in enumerate(read_squad(path))
    ]


def prediction(row):
    text = corruption.answer(row)
    return {
        **{key: row[key] for key in ("id", "language")},
        "gold": row["answer_texts"],
        "pred": text,
        "nbest": [{"text": text}],
        "no_answer": corruption.no_answer(row),
    }


@needs_mirror
@pytest.mark.mirror
@pytest.mark.parametrize("name", [name for name in ON_MIRROR if name.split()[0] in QA_FILES])
def test_question_answering_on_real_answers(name):
    task, language = name.split()
    file, f1, exact_match = QA_FILES[task]
    rows = [prediction(row) for row in questions(MIRROR / file.format(language), language)]
    assert metrics.score("span_qa", f1, rows) == pytest.approx(ON_MIRROR[name]["f1"], abs=1e-9)
    assert metrics.score("span_qa", exact_match, rows) == pytest.approx(ON_MIRROR[name]["exact_match"], abs=1e-9)


@needs_mirror
@pytest.mark.mirror
def test_squad_v2_on_real_answers():
    rows = [prediction(row) for row in questions(MIRROR / "squad" / "dev-v2.0.json", "en")]
    for official, metric in OURS.items():
        assert metrics.score("span_qa", metric, rows) == pytest.approx(ON_MIRROR["squad_v2 en"][official], abs=1e-9)
    assert metrics.squad_v2.best_threshold(rows) == ON_MIRROR["squad_v2 en"]["best_f1_thresh"]


@needs_mirror
@pytest.mark.mirror
@pytest.mark.parametrize("name", [name for name in ON_MIRROR if name.split()[0] in ("udpos", "panx", "xnli")])
def test_tags_and_labels_on_real_rows(name):
    task_name, language = name.split()
    task = tasks.get(task_name)
    rows = list(task.read(MIRROR, "test", language))
    field, corrupt = ("label", corruption.label) if task.type == "classification" else ("tags", corruption.tags)
    found = [{"id": row["id"], "gold": row[field], "pred": corrupt(row, task.labels)} for row in rows]
    for metric, expected in ON_MIRROR[name].items():
        assert metrics.score(task.type, metric, found) == pytest.approx(expected, abs=1e-9)
