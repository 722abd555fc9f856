"""Metrics give the numbers of the programs that XTREME scores with, on cases made for the purpose."""

import statistics
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xstilts import metrics
from xstilts.errors import ConfigError, DataError

# (prediction, gold answers, exact match, F1): the last two computed with the official evaluate-v1.1.py of SQuAD.
SQUAD = {
    "en: article, punctuation, case, spaces": ("The  Panthers!", ["Carolina Panthers", "the panthers"], 1.0, 1.0),
    "en: abbreviation and hyphen": ("in a U.S. an-the thermal area", ["U.S. thermal area"], 0.0, 0.7499999999999999),
    "en: empty prediction": ("", ["nothing"], 0.0, 0.0),
    "en: both normalise to nothing": ("the", ["a"], 1.0, 0.0),
    "en: words counted with multiplicity": ("two two three", ["two three three three"], 0.0, 0.5714285714285715),
    "de: ß is lower-cased, not folded": (
        "eine Straße in Köln",
        ["die STRASSE in Köln", "eine Straße"],
        0.0,
        0.6666666666666666,
    ),
    "de: NFD is not NFC": ("Ko\u0308ln", ["K\u00f6ln"], 0.0, 0.0),
    "de: quotation marks outside ASCII stay": ("»an der Spree«", ["an der Spree"], 0.0, 0.4),
    "zh: full stop outside ASCII stays": ("北京大学", ["北京大学。"], 0.0, 0.0),
    "zh: full-width digits are other digits": ("\uff11\uff19\uff19\uff18年", ["1998年"], 0.0, 0.0),
    "zh: words are what spaces separate": ("在 北京 大学", ["北京大学", "北京 的 大学"], 0.0, 0.6666666666666666),
    "th: no partial credit without spaces": ("กรุงเทพมหานคร", ["กรุงเทพ"], 0.0, 0.0),
    "th: sara am and its decomposition": ("น\u0e33", ["น\u0e4d\u0e32"], 0.0, 0.0),
    "ja: several answers": ("「東京」の塔", ["東京の塔", "「東京」の塔"], 1.0, 1.0),
    "ja: voiced kana decomposed": ("か\u3099", ["\u304c"], 0.0, 0.0),
    "ar: comma outside ASCII stays": ("في مدينة القاهرة، مصر", ["مدينة القاهرة"], 0.0, 0.3333333333333333),
    "ar: vowel marks": ("مُحَمَّد", ["محمد"], 0.0, 0.0),
    "hi: one word too many": ("नई दिल्ली में", ["नई दिल्ली"], 0.0, 0.8),
    "hi: nukta decomposed": ("क\u093c", ["\u0958"], 0.0, 0.0),
}
SQUAD_TOTAL = {"exact_match": 15.789473684210526, "f1": 32.56892230576441}

# (gold, predicted, chunk F1, token accuracy): F1 computed with seqeval 0.0.12, the release of XTREME's time.
SEQEVAL = {
    "POS: a run of equal tags is one chunk": (
        [["DET", "NOUN", "NOUN", "VERB", "PUNCT"]],
        [["DET", "NOUN", "ADJ", "VERB", "PUNCT"]],
        66.66666666666666,
        80.0,
    ),
    "POS: CCONJ is not SCONJ": (
        [["NOUN", "CCONJ", "NOUN"], ["SCONJ", "PRON", "VERB"]],
        [["NOUN", "SCONJ", "NOUN"], ["SCONJ", "PRON", "VERB"]],
        83.33333333333334,
        83.33333333333334,
    ),
    "POS: tags whose initials are chunk prefixes": (
        [["SYM", "SYM", "NUM", "INTJ", "INTJ"], ["X"], ["SCONJ", "SCONJ", "AUX"]],
        [["SYM", "NUM", "NUM", "INTJ", "PART"], ["X"], ["SCONJ", "ADP", "AUX"]],
        50.0,
        66.66666666666666,
    ),
    "POS: a chunk ends with its sentence": (
        [["NOUN"], ["NOUN", "PROPN"]],
        [["NOUN"], ["NOUN", "NOUN"]],
        40.0,
        66.66666666666666,
    ),
    "NER: boundaries and types": (
        [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "I-ORG", "I-ORG", "O"]],
        [["B-PER", "I-PER", "O", "B-ORG"], ["B-ORG", "I-ORG", "O", "O"]],
        33.33333333333333,
        75.0,
    ),
    "NER: I without B starts a chunk": (
        [["O", "B-LOC", "I-LOC"], ["I-PER", "I-PER"]],
        [["O", "I-LOC", "I-LOC"], ["B-PER", "B-PER"]],
        40.0,
        40.0,
    ),
    "NER: I of another type": ([["B-PER", "I-LOC", "I-LOC"]], [["B-PER", "B-LOC", "I-LOC"]], 100.0, 66.66666666666666),
    "NER: nothing found": ([["O", "B-LOC"]], [["O", "O"]], 0.0, 50.0),
    "NER: nothing to find": ([["O", "O"]], [["O", "O"]], 0.0, 100.0),
}

TAG = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"])
SENTENCES = st.lists(st.lists(st.tuples(TAG, TAG), min_size=1, max_size=8), min_size=1, max_size=5)


@pytest.mark.parametrize("case", SQUAD.values(), ids=SQUAD)
def test_span_qa_equals_the_official_scorer(case: tuple[str, list[str], float, float]) -> None:
    pred, gold, exact_match, f1 = case
    rows = [{"id": "1", "gold": gold, "pred": pred}]
    assert metrics.score("span_qa", "exact_match", rows) == 100 * exact_match
    assert metrics.score("span_qa", "f1", rows) == pytest.approx(100 * f1, abs=1e-12)


@pytest.mark.parametrize("metric", SQUAD_TOTAL)
def test_span_qa_averages_over_questions(metric: str) -> None:
    rows = [{"id": str(number), "gold": gold, "pred": pred} for number, (pred, gold, *_) in enumerate(SQUAD.values())]
    assert metrics.score("span_qa", metric, rows) == pytest.approx(SQUAD_TOTAL[metric], abs=1e-12)
    assert statistics.fmean(metrics.per_example("span_qa", metric, rows)) == pytest.approx(SQUAD_TOTAL[metric])


@pytest.mark.parametrize("case", SEQEVAL.values(), ids=SEQEVAL)
def test_tagging_equals_seqeval(case: tuple[list[list[str]], list[list[str]], float, float]) -> None:
    gold, pred, f1, accuracy = case
    rows = [{"id": str(number), "gold": g, "pred": p} for number, (g, p) in enumerate(zip(gold, pred, strict=True))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert metrics.score("tagging", "f1", rows) == pytest.approx(f1, abs=1e-12)
    assert metrics.score("tagging", "accuracy", rows) == pytest.approx(accuracy, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(SENTENCES)
def test_entity_f1_equals_the_installed_seqeval(sentences: list[list[tuple[str, str]]]) -> None:
    from seqeval.metrics import f1_score

    gold = [[tag for tag, _ in sentence] for sentence in sentences]
    pred = [[tag for _, tag in sentence] for sentence in sentences]
    rows = [{"id": str(number), "gold": g, "pred": p} for number, (g, p) in enumerate(zip(gold, pred, strict=True))]
    assert metrics.score("tagging", "f1", rows) == pytest.approx(100 * f1_score(gold, pred, zero_division=0))


@pytest.mark.parametrize("task_type", ["classification", "multiple_choice", "retrieval"])
def test_accuracy(task_type: str) -> None:
    rows = [{"id": str(number), "gold": number % 2, "pred": 0} for number in range(3)]
    assert metrics.score(task_type, "accuracy", rows) == pytest.approx(200 / 3)
    assert metrics.per_example(task_type, "accuracy", rows) == [100, 0, 100]


def test_counts_sum_to_the_score_of_any_resample() -> None:
    gold, pred, *_ = SEQEVAL["POS: tags whose initials are chunk prefixes"]
    rows = [{"id": str(number), "gold": g, "pred": p} for number, (g, p) in enumerate(zip(gold, pred, strict=True))]
    drawn = [2, 0, 2]
    pairs = [metrics.counts("tagging", "f1", rows)[index] for index in drawn]
    expected = 100 * sum(numerator for numerator, _ in pairs) / sum(denominator for _, denominator in pairs)
    assert metrics.score("tagging", "f1", [rows[index] for index in drawn]) == pytest.approx(expected)


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(ConfigError, match="'f1' is not defined for task type 'classification'; it has: accuracy"):
        metrics.score("classification", "f1", [{"gold": 1, "pred": 1}])
    with pytest.raises(DataError, match="no predictions"):
        metrics.score("classification", "accuracy", [])
    with pytest.raises(DataError, match="row 'x': 1 predicted tags for 2 tokens"):
        metrics.score("tagging", "f1", [{"id": "x", "gold": ["O", "O"], "pred": ["O"]}])
    with pytest.raises(DataError, match="row 'x': no gold answer"):
        metrics.score("span_qa", "f1", [{"id": "x", "gold": [], "pred": ""}])
    with pytest.raises(ValueError, match="not a mean over examples"):
        metrics.per_example("tagging", "f1", [])
