"""How rows become items and outputs become predictions."""

import numpy as np
import pytest
import torch

from tiny import RECIPE, rows_of
from xstilts.errors import CheckpointError
from xstilts.models.heads import HEADS
from xstilts.models.heads.tagging import _filled, _labelled_tokens
from xstilts.models.load import fresh_head, load_tokenizer
from xstilts.training.loop import predict_logits


@pytest.fixture
def tokenizer(encoder):
    return load_tokenizer(encoder)


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"seed7: no such checkpoint; train it"):
        load_tokenizer(tmp_path / "seed7")


@pytest.mark.parametrize(("which", "expected"), [("first", {0: 1, 1: 3, 2: 5}), ("last", {0: 2, 1: 3, 2: 5})])
def test_a_words_label_stands_on_its_first_or_last_sub_word_but_not_on_a_bare_mark(which, expected):
    words = [None, 0, 0, 1, 2, 2, None]
    tokens = ["<s>", "▁Haus", "es", "▁ist", "▁", "我们", "</s>"]
    assert _labelled_tokens(words, tokens, which) == expected


def test_a_word_that_is_only_a_mark_still_has_a_token():
    assert _labelled_tokens([None, 0, None], ["<s>", "▁", "</s>"], "first") == {0: 1}


def test_a_training_sentence_loses_the_tags_beyond_the_length_limit(tokenizer):
    head = HEADS["tagging"](("NOUN", "ADJ"), tokenizer, RECIPE | {"max_length": 8})
    row = {"id": "a", "language": "en", "tokens": ["w1"] * 20, "tags": ["NOUN"] * 20}
    (item,) = head.encode([row], train=True)
    assert item.length == 8
    assert len(item.target) == head.units(item) == 6


def tagged(encoder, rows, max_length):
    """Predictions of a random model."""
    head = HEADS["tagging"](("NOUN", "ADJ"), load_tokenizer(encoder), RECIPE | {"max_length": max_length})
    torch.manual_seed(0)
    model = fresh_head(encoder, head.auto_class, head.labels)
    items = head.encode(rows, train=False)
    return head.decode(rows, items, predict_logits(model, head, items, torch.device("cpu"), None))


def test_a_long_sentence_is_tagged_word_for_word_as_its_pieces_are(encoder):
    words = [f"w{7 * number % 40}" for number in range(20)]
    long = {"id": "long", "language": "en", "tokens": words, "tags": ["NOUN"] * 20}
    short = {"id": "short", "language": "en", "tokens": words[:6], "tags": ["NOUN"] * 6}
    found = tagged(encoder, [short, long, short | {"id": "again"}], max_length=8)
    pieces = [words[first : first + 6] for first in range(0, 20, 6)]
    alone = tagged(encoder, [short | {"tokens": piece, "tags": ["NOUN"] * len(piece)} for piece in pieces], 64)
    assert [row["id"] for row in found] == ["short", "long", "again"]
    assert found[1]["pred"] == [tag for piece in alone for tag in piece["pred"]]
    assert found[0]["pred"] == found[2]["pred"] == alone[0]["pred"]
    assert set(found[1]["pred"]) == {"NOUN", "ADJ"}


def test_a_word_of_more_sub_words_than_the_limit_stands_alone_and_cuts_no_other():
    assert list(_filled([2, 9, 1, 0, 3], 4)) == [(0, 1), (1, 2), (2, 5)]


def test_long_contexts_become_windows_that_overlap_and_map_back_to_characters(tokenizer):
    head = HEADS["span_qa"]((), tokenizer, RECIPE | {"max_length": 24, "doc_stride": 6})
    words = [f"w{number % 40}" for number in range(60)]
    words[47] = "red"
    context = " ".join(words)
    row = {"id": "a", "language": "en", "question": "where ?", "context": context}
    row |= {"answer_texts": ["red"], "answer_starts": [context.index("red")]}
    items = head.encode([row], train=True)
    assert len(items) > 3
    covered = {tuple(offset) for item in items for offset in item.note.tolist() if offset[0] >= 0}
    assert len(covered) == 60
    with_answer = [item for item in items if item.target != (0, 0)]
    assert with_answer
    for item in with_answer:
        start, end = item.note[item.target[0], 0], item.note[item.target[1], 1]
        assert context[start:end] == "red"
    logits = []
    for item in items:
        scores = np.zeros((2, item.length))
        if item.target != (0, 0):
            scores[0, item.target[0]] = scores[1, item.target[1]] = 9
        logits.append(scores)
    (prediction,) = head.decode([row], items, logits)
    assert prediction["pred"] == "red"


def test_an_answer_never_spans_more_than_the_limit_nor_the_question(tokenizer):
    head = HEADS["span_qa"]((), tokenizer, RECIPE | {"max_answer_length": 2})
    (row,) = rows_of("span_qa", 1)
    (item,) = head.encode([row], train=False)
    scores = np.zeros((2, item.length))
    scores[0, 1] = scores[1, item.length - 2] = 9
    (prediction,) = head.decode([row], [item], [scores])
    assert 1 <= len(prediction["pred"].split()) <= 2
    assert prediction["pred"] in row["context"]


def test_a_pair_is_two_segments_and_a_single_text_is_one(tokenizer):
    head = HEADS["classification"](("0", "1"), tokenizer, RECIPE)
    pair = {"id": "a", "language": "en", "text_a": "w1", "text_b": "w2", "label": "0"}
    (item,) = head.encode([pair], train=True)
    assert tokenizer.convert_ids_to_tokens(item.sequences[0]) == ["<s>", "w1", "</s>", "</s>", "w2", "</s>"]
    (item,) = head.encode([pair | {"text_b": ""}], train=True)
    assert tokenizer.convert_ids_to_tokens(item.sequences[0]) == ["<s>", "w1", "</s>"]


def test_the_best_answers_of_all_windows_are_kept_with_their_places(tokenizer):
    head = HEADS["span_qa"]((), tokenizer, RECIPE | {"max_length": 24, "doc_stride": 6, "max_answer_length": 1})
    context = " ".join(f"w{number % 40}" for number in range(40))
    row = {"id": "a", "language": "en", "question": "where ?", "context": context, "answer_texts": ["w1"]}
    items = head.encode([row | {"answer_starts": [3]}], train=False)
    scores = [np.stack([item.note[:, 0] / 10, np.zeros(item.length)]) for item in items]
    (prediction,) = head.decode([row], items, scores)
    spans = prediction["nbest"]
    assert [span["text"] for span in spans] == context.split()[::-1][:20]
    assert all(context[span["start"] :].startswith(span["text"]) for span in spans)
    assert (prediction["pred"], prediction["score"]) == (spans[0]["text"], spans[0]["score"])


def test_no_answer_is_given_beyond_the_threshold_that_english_dev_chose(tokenizer):
    rows = [
        row | {"answer_texts": [], "answer_starts": []} if number > 1 else row
        for number, row in enumerate(rows_of("span_qa", 4))
    ]
    head = HEADS["span_qa"]((), tokenizer, RECIPE)
    items = head.encode(rows, train=False)

    def logits(item):
        scores = np.zeros((2, item.length))
        scores[:, 0] = item.row  # the null score is 0, 2, 4, 6
        if item.target != (0, 0):
            scores[0, item.target[0]] = scores[1, item.target[1]] = 0.5
        return scores

    outputs = [logits(item) for item in items]
    options = head.calibrate(rows, items, outputs)
    assert options == {"no_answer_threshold": 1.0}
    chosen = HEADS["span_qa"]((), tokenizer, RECIPE | options).decode(rows, items, outputs)
    assert [bool(prediction["pred"]) for prediction in chosen] == [True, True, False, False]
    assert [prediction["no_answer"] for prediction in chosen] == [-1.0, 1.0, 4.0, 6.0]
    by_default = head.decode(rows, items, outputs)
    assert [bool(prediction["pred"]) for prediction in by_default] == [True, False, False, False]
    assert head.calibrate(rows[:2], items[:2], outputs[:2]) == {}
    assert all(prediction["pred"] for prediction in head.decode(rows[:2], items[:2], outputs[:2]))


def test_zero_width_characters_do_not_cost_an_answer(tokenizer):
    head = HEADS["span_qa"]((), tokenizer, RECIPE)
    context = "w1 \u200bred blue\u200b"
    row = {"id": "a", "language": "en", "question": "where ?", "context": context}
    row |= {"answer_texts": ["red blue\u200b"], "answer_starts": [4]}
    (item,) = head.encode([row], train=True)
    scores = np.zeros((2, item.length))
    scores[0, item.target[0]] = scores[1, item.target[1]] = 9
    (prediction,) = head.decode([row], [item], [scores])
    assert prediction["pred"] == "red blue\u200b"
