"""Answers survive text → tokens → text, whatever the script."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny import RECIPE
from xstilts.models.heads.span_qa import SpanQA, readable, trimmed
from xstilts.models.mini import source
from xstilts.models.mini.tokenizer import build_tokenizer

MIRROR = Path(os.environ.get("XSTILTS_DATA_DIR", "absent"))

# Own words in many scripts: combining marks in both normal forms, joiners, right-to-left text, no spaces between words.
WORDS = (
    *("answer", "Straße", "Que\u0301", "café", "1,000", "(x)", "¿sí?", "Thế", "The\u0302\u0301", "\ufb01sh", "½"),
    *("مدينة", "مُحَمَّد", "שָׁלוֹם", "\u200fabc\u200f"),
    *("नमस्ते", "क्षेत्र", "क\u093c", "กำลัง", "น้ำ"),
    *("東京都", "北京", "ガイド", "カ\u3099", "\uff76\uff9e", "한국어", "\u1112\u1161\u11ab"),
    *("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "zero\u200bwidth"),
)
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=30)
SEPARATOR = st.sampled_from([" ", "\u00a0", "\u3000", "  ", "\n"])


@pytest.fixture(scope="module")
def head():
    """The small encoder's tokenizer, with windows that long contexts need."""
    options = RECIPE | {"max_length": 48, "doc_stride": 12, "context_cuts": 1}
    return SpanQA((), build_tokenizer(source.read_sentencepiece(), 512), options)


def question(words, separator, first, last):
    before = separator.join([*words[:first], ""])
    answer = separator.join(words[first : last + 1])
    context = separator.join(words)
    row = {"id": "a", "language": "xx", "question": "?", "context": context}
    return row | {"answer_texts": [answer], "answer_starts": [len(before)]}


def round_trip(head, row):
    """The text of every window's target."""
    spans = []
    for item in head.encode([row], train=True):
        if item.target != (0, 0):
            start, end = int(item.note[item.target[0], 0]), int(item.note[item.target[1], 1])
            spans.append(readable(row["context"], start, end))
    return [row["context"][start:end] for start, end in spans]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_an_answer_of_whole_words_comes_back(head, data):
    words, separator = data.draw(TEXT), data.draw(SEPARATOR)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, min(len(words) - 1, first + 2)))
    row = question(words, separator, first, last)
    found = round_trip(head, row)
    answer = row["answer_texts"][0]
    wanted = answer[slice(*trimmed(answer, 0, len(answer)))]
    assert found
    for text in found:
        start, end = trimmed(text, 0, len(text))
        assert text[start:end] == wanted


@pytest.mark.parametrize(
    ("language", "context", "answer"),
    [
        ("hi", "वह दिल्ली में है।", "है"),
        ("en", "He left (the U.S.), she stayed.", "the U.S."),
        ("ar", "سافر إلى لندن وباريس", "باريس"),
        ("de", "Die Hauptstadt Deutschlands ist Berlin.", "Deutschland"),
        ("ko", "그는 서울에서는 행복했다", "서울"),
        ("ko", "회사는 1982년에 생겼다", "1982년"),
        ("zh", "北京和上海的人口", "上海"),
    ],
)
def test_an_answer_without_what_is_written_onto_it_comes_back(head, language, context, answer):
    row = {"id": "a", "language": language, "question": "?", "context": context}
    row |= {"answer_texts": [answer], "answer_starts": [context.index(answer)]}
    assert round_trip(head, row) == [answer]


@pytest.mark.parametrize("max_length", [40, 48, 512])
def test_without_cuts_windows_are_those_of_the_tokenizer(max_length):
    """The encoding of `run_qa.py`: pairs that overflow with a stride."""
    tokenizer = build_tokenizer(source.read_sentencepiece(), 512)
    options = RECIPE | {"max_length": max_length, "doc_stride": 12}
    head = SpanQA((), tokenizer, options)
    contexts = [" ".join(WORDS * times) for times in (1, 2, 5)]
    row = {"language": "xx", "question": "What is it?", "answer_texts": [], "answer_starts": []}
    items = head.encode([row | {"id": text, "context": text} for text in contexts], train=False)
    wanted = tokenizer(
        ["What is it?"] * 3,
        contexts,
        truncation="only_second",
        max_length=max_length,
        stride=12,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    assert [item.row for item in items] == wanted["overflow_to_sample_mapping"]
    assert [item.sequences[0] for item in items] == wanted["input_ids"]
    assert [item.types[0] for item in items] == wanted["token_type_ids"]
    for number, item in enumerate(items):
        inside = np.array([part == 1 for part in wanted.sequence_ids(number)])
        assert (item.note == np.where(inside[:, None], np.array(wanted["offset_mapping"][number]), -1)).all()


@settings(deadline=None, max_examples=200)
@given(TEXT, SEPARATOR)
def test_windows_cover_the_context_in_order_and_within_it(head, words, separator):
    row = question(words, separator, 0, 0)
    covered = set()
    for item in head.encode([row], train=False):
        inside = item.note[item.note[:, 0] >= 0]
        assert (inside[:, 0] <= inside[:, 1]).all()
        assert (np.diff(inside[:, 0]) >= 0).all()
        assert inside[:, 1].max(initial=0) <= len(row["context"])
        covered |= {place for start, end in inside for place in range(start, end)}
    left_out = {c for place, c in enumerate(row["context"]) if place not in covered}
    assert all(c.isspace() or regex.match(r"[\p{Cf}\p{M}]", c) for c in left_out)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=30), st.data())
def test_what_is_read_is_a_part_of_the_context(context, data):
    start = data.draw(st.integers(0, len(context)))
    end = data.draw(st.integers(start, len(context)))
    low, high = readable(context, start, end)
    assert 0 <= low <= high <= len(context)
    assert low == high or not (context[low].isspace() or context[high - 1].isspace())
    if start < end:
        low, high = trimmed(context, start, end - start)
        assert start <= low < high <= end


# Files in which more than 1 % of the answers begin or end inside a number or a stem.
BELOW = {"tydiqa ko": 98, "tydiqa sw": 98}


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.skipif(not MIRROR.is_dir(), reason="XSTILTS_DATA_DIR does not name the benchmarks' files")
def test_gold_answers_of_the_benchmarks_come_back():
    script = Path(__file__).parents[2] / "benchmarks" / "qa_ceiling.py"
    done = subprocess.run([sys.executable, str(script), str(MIRROR)], capture_output=True, text=True, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(lines) == 22
    for name, _, missing, value, _ in lines:
        task, language = name.split("/")[0], re.search(r"[.-](\w\w)(?:\.train)?\.json$", name)[1]
        assert int(missing) == 0
        assert float(value) >= BELOW.get(f"{task} {language}", 99), name
