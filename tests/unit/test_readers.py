"""The readers of file formats: what they yield, and what they say of a wrong row."""

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xstilts import tasks
from xstilts.errors import DataError
from xstilts.sources.conll import read_conll
from xstilts.sources.csvfile import read_csv
from xstilts.sources.jsonl import read_jsonl
from xstilts.sources.lines import read_lines
from xstilts.sources.nli import read_nli
from xstilts.sources.overlap import connected, fingerprint
from xstilts.sources.parquet import read_parquet
from xstilts.sources.squad import read_squad
from xstilts.sources.tsv import read_tsv

COLUMNS = ("premise", "hypothesis", "label")
TAGS = ("O", "B-LOC", "I-LOC")

# Everything a cell can hold, the traps included: quotes, other line separators, no-break spaces, combining marks.
cells = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\t\n\r\ufeff")
    | st.sampled_from('"\x85\u2028\x1c\xa0'),
    min_size=1,
).filter(lambda text: not text.isspace())
# A quoted cell may also hold line feeds and commas; \r would be read back as \n.
csv_cells = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\ufeff\x00"), min_size=1)
reuse_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


def message(reader, *arguments):
    """The message of the error that a reader raises; it must be a single line."""
    with pytest.raises(DataError) as caught:
        list(reader(*arguments))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@reuse_folder
@given(
    rows=st.lists(st.tuples(cells, cells, cells), min_size=1), ended=st.booleans(), end=st.sampled_from(["\n", "\r\n"])
)
def test_tsv_gives_back_every_cell(tmp_path, rows, ended, end):
    path = tmp_path / "rows.tsv"
    text = end.join("\t".join(row) for row in rows) + (end if ended else "")
    path.write_bytes(text.encode())
    assert list(read_tsv(path, COLUMNS)) == [(number, list(row)) for number, row in enumerate(rows, start=1)]


@reuse_folder
@given(
    sentences=st.lists(st.lists(st.tuples(cells, st.sampled_from(TAGS)), min_size=1), min_size=1),
    blank=st.sampled_from(["\n", "\n\n"]),
    ended=st.booleans(),
)
def test_conll_gives_back_every_sentence(tmp_path, sentences, blank, ended):
    path = tmp_path / "tagged.tsv"
    blocks = ["".join(f"{token}\t{tag}\n" for token, tag in sentence) for sentence in sentences]
    path.write_bytes((blank.join(blocks) + (blank if ended else "")).encode())
    found = list(read_conll(path, TAGS))
    assert [list(zip(one.tokens, one.tags, strict=True)) for one in found] == sentences
    lines = path.read_bytes().decode().split("\n")
    assert [lines[one.line - 1] for one in found] == ["\t".join(sentence[0]) for sentence in sentences]


def test_byte_order_mark_is_not_part_of_the_first_cell(tmp_path):
    path = tmp_path / "marked.tsv"
    path.write_bytes("\ufeffa\tb\tc\n".encode())
    assert list(read_tsv(path, COLUMNS)) == [(1, ["a", "b", "c"])]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a\tb\tc\na\tb\n", ":2: 2 tab-separated columns instead of 3 (premise, hypothesis, label); correct the line"),
        (b"a\tb\tc\na\tb\tc\td\n", ":2: 4 tab-separated columns instead of 3"),
        (b"a\tb\tc\na\tb", ":2: the last row is cut off: 2 tab-separated columns instead of 3"),
        (b"a\tb\tc\n\na\tb\tc\n", ":2: 1 tab-separated columns instead of 3"),
        (b"a\t \tc\n", ":1: column 'hypothesis' is empty"),
        (b"a\tb\tc\na\t\xff\tc\n", ":2: byte 3 of the line (0xff) is not UTF-8; convert the file to UTF-8"),
        (b"", ":1: the file is empty; download it again"),
    ],
)
def test_tsv_names_file_and_line_of_a_wrong_row(tmp_path, content, expected):
    path = tmp_path / "dev-de.tsv"
    path.write_bytes(content)
    assert message(read_tsv, path, COLUMNS).startswith(f"{path}{expected}")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"Rome\tB-LOC\nis O\n", ":2: no tab in 'is O'; write token<TAB>tag"),
        (b"Rome\tB-LOC\nis", ":2: the file is cut off: no tab in 'is'"),
        (b"Rome\tB-LOC\n \nis\tO\n", ":2: no tab in ' '"),
        (b"Rome\tB-CITY\n", ":1: unknown label 'B-CITY'; allowed: O, B-LOC, I-LOC"),
        (b"\tO\n", ":1: empty token"),
        (b"\n\n", ":1: no sentence in the file"),
        (b"", ":1: the file is empty"),
        (b"ok\tO\n\xe9\tO\n", ":2: byte 1 of the line (0xe9) is not UTF-8"),
    ],
)
def test_conll_names_file_and_line_of_a_wrong_row(tmp_path, content, expected):
    path = tmp_path / "dev-it.tsv"
    path.write_bytes(content)
    assert message(read_conll, path, TAGS).startswith(f"{path}{expected}")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"gold_label": "neutral"', ":1: not JSON"),
        ("[1]\n", ":1: [1] is not a JSON object"),
        ('{"gold_label": "neutral", "sentence1": "a"}\n', ":1: no key 'sentence2'; found: gold_label, sentence1"),
        ('{"gold_label": "neutral", "sentence1": 3, "sentence2": "b"}\n', ":1: 'sentence1' is 3; it must be text"),
        (
            '{"gold_label": "maybe", "sentence1": "a", "sentence2": "b"}\n',
            ":1: unknown label 'maybe'; allowed: entailment,",
        ),
    ],
)
def test_jsonl_names_file_and_line_of_a_wrong_row(tmp_path, content, expected):
    path = tmp_path / "dev.jsonl"
    path.write_text(content, encoding="utf-8")
    assert message(read_nli, path).startswith(f"{path}{expected}")


def test_a_cut_json_line_is_called_cut(tmp_path):
    path = tmp_path / "dev.jsonl"
    path.write_text('{"a": 1}\n{"a": ', encoding="utf-8")
    assert "cut off: download it again" in message(read_jsonl, path)
    assert f"{path}:2:" in message(read_jsonl, path)


def test_json_lines_are_split_at_line_feeds_only(tmp_path):
    path = tmp_path / "dev.jsonl"
    path.write_text('{"a": "one\u2028two\x85three"}\n', encoding="utf-8")
    assert [record.value for record in read_jsonl(path)] == [{"a": "one\u2028two\x85three"}]


def test_nli_pairs_without_consensus_are_not_rows(tmp_path):
    path = tmp_path / "dev.jsonl"
    pairs = [{"sentence1": "a", "sentence2": "b", "gold_label": label} for label in ("-", "neutral")]
    path.write_text("".join(json.dumps(pair) + "\n" for pair in pairs), encoding="utf-8")
    assert [row["id"] for row in read_nli(path)] == ["dev-2"]


def squad(context="Rome is old.", start=0, text="Rome"):
    answer = {"text": text, "answer_start": start}
    question = {"id": "q1", "question": "What is old?", "answers": [answer]}
    return {"data": [{"title": "Rome", "paragraphs": [{"context": context, "qas": [question]}]}]}


def write_json(path, value, indent=None):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent), encoding="utf-8")
    return path


def test_squad_offsets_count_code_points(tmp_path):
    path = write_json(tmp_path / "q.json", squad("😀 नमस्ते Rome.", 9))
    (question,) = read_squad(path)
    assert question.context[question.answer_starts[0] :].startswith("Rome")


def test_squad_question_without_answers_is_unanswerable(tmp_path):
    document = squad()
    document["data"][0]["paragraphs"][0]["qas"][0]["answers"] = []
    (question,) = read_squad(write_json(tmp_path / "q.json", document))
    assert (question.answer_texts, question.answer_starts) == ([], [])


def test_an_empty_answer_is_refused_unless_the_question_is_marked_impossible(tmp_path):
    document = squad()
    question = document["data"][0]["paragraphs"][0]["qas"][0]
    question["answers"] = [{"text": "", "answer_start": 0}]
    path = write_json(tmp_path / "q.json", document)
    assert message(read_squad, path) == (
        f"{path}:1: question q1: its answer is empty: the labels were removed, as XTREME's download script does; "
        "read the task from the hub (source: hub) or put the publisher's file there"
    )
    question["is_impossible"] = True
    (found,) = read_squad(write_json(path, document))
    assert (found.answer_texts, found.answer_starts) == ([], [])


def test_squad_names_line_and_question_of_an_answer_that_is_not_there(tmp_path):
    path = write_json(tmp_path / "q.json", squad(start=1), indent=1)
    line = 1 + next(i for i, text in enumerate(path.read_text().split("\n")) if '"q1"' in text)
    expected = f"{path}:{line}: question q1: answer 'Rome' is not at offset 1 of its context; offsets count"
    assert message(read_squad, path).startswith(expected)


def test_squad_says_which_key_is_missing(tmp_path):
    document = squad()
    del document["data"][0]["paragraphs"][0]["context"]
    path = write_json(tmp_path / "q.json", document)
    assert message(read_squad, path).startswith(
        f"{path}: no data[0].paragraphs[0].context; the file must be in SQuAD's"
    )
    assert message(read_squad, write_json(path, [])).startswith(f"{path}: the document is []; it must be an object")


def test_squad_that_is_not_json(tmp_path):
    path = tmp_path / "q.json"
    path.write_text('{"data":\n [', encoding="utf-8")
    assert message(read_squad, path).startswith(f"{path}:2: not JSON")


def test_a_missing_file_says_what_layout_is_expected(tmp_path):
    path = tmp_path / "xnli" / "dev-de.tsv"
    assert message(read_lines, path) == (f"{path}: no such file; data_dir must hold xnli/dev-de.tsv")


def test_long_values_do_not_flood_the_message(tmp_path):
    path = tmp_path / "dev.tsv"
    path.write_text("x" * 10_000 + "\n", encoding="utf-8")
    assert len(message(read_conll, path, TAGS)) < len(str(path)) + 200


def test_fingerprint_ignores_case_spacing_and_punctuation():
    assert fingerprint("Two women , embracing .") == fingerprint("two women, embracing")
    assert fingerprint("Two women") != fingerprint("Two men")


@given(st.lists(st.sets(st.integers(0, 12), max_size=3), max_size=12))
def test_connected_items_share_a_group_exactly_when_a_chain_of_keys_joins_them(keys):
    groups = connected(keys)
    reach = [{i} for i in range(len(keys))]
    for _ in keys:
        for i, own in enumerate(keys):
            for j, other in enumerate(keys):
                if own & other:
                    reach[i] |= reach[j]
    assert groups == [min(reachable) for reachable in reach]


@reuse_folder
@given(rows=st.lists(st.tuples(csv_cells, csv_cells, csv_cells), min_size=1))
def test_csv_gives_back_every_cell_line_ends_and_quotes_included(tmp_path, rows):
    path = tmp_path / "valid.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([COLUMNS, *rows])
    assert [tuple(record.value.values()) for record in read_csv(path, COLUMNS)] == rows


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("premise,hypothesis,label\na,b\n", ":2: 2 cells instead of 3; correct the row"),
        ("premise,label\na,b\n", ":1: no column 'hypothesis'; found: premise, label"),
        ('premise,hypothesis,label\na,"b\n', ":2: unexpected end of data"),
        ("premise,hypothesis,label\n", ":1: no row below the header"),
        ("", ":1: the file is empty"),
    ],
)
def test_csv_names_file_and_line_of_a_wrong_row(tmp_path, content, expected):
    path = tmp_path / "valid.csv"
    path.write_text(content, encoding="utf-8")
    assert message(read_csv, path, COLUMNS).startswith(f"{path}{expected}")


@reuse_folder
@given(
    context=cells,
    answers=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=3),
    question=cells,
)
def test_squad_gives_back_questions_and_every_answer_at_its_offset(tmp_path, context, answers, question):
    spans = [(start, context[start : start + length]) for start, length in answers if context[start : start + length]]
    document = squad(context=context)
    asked = document["data"][0]["paragraphs"][0]["qas"][0]
    asked["question"] = question
    asked["answers"] = [{"text": text, "answer_start": start} for start, text in spans]
    (found,) = read_squad(write_json(tmp_path / "q.json", document))
    assert (found.context, found.question) == (context, question)
    assert list(zip(found.answer_starts, found.answer_texts, strict=True)) == spans


@reuse_folder
@given(texts=st.lists(st.tuples(cells, st.integers(0, 2)), min_size=1))
def test_parquet_gives_back_texts_and_names_of_labels(tmp_path, texts):
    path = tmp_path / "train.parquet"
    pq.write_table(pa.table({"text": [text for text, _ in texts], "label": [label for _, label in texts]}), path)
    found = [
        (record.line, record.value["text"], record.value["label"])
        for record in read_parquet(path, ("text", "label"), {"label": TAGS})
    ]
    assert found == [(number, text, TAGS[label]) for number, (text, label) in enumerate(texts, start=1)]


def test_half_characters_are_an_error_unless_the_publisher_left_them(tmp_path):
    path = tmp_path / "dev.tsv"
    path.write_bytes(b"a\tb\tcut \xe2\x80\n")
    assert "is not UTF-8" in message(read_tsv, path, COLUMNS)
    assert list(read_tsv(path, COLUMNS, cut_characters=True)) == [(1, ["a", "b", "cut \ufffd"])]


@pytest.mark.parametrize(
    ("name", "file", "content", "expected"),
    [
        (
            "ccg_pmb",
            "ccg_pmb/en.train.conll",
            "# newdoc id = p1\nA\tA\ta\n",
            ":2: 3 tab-separated columns instead of 7",
        ),
        ("ccg", "ccgbank/wsj_02-21.auto", "ID=wsj_0001.1\n(no derivation)\n", ":2: no leaf <L category"),
        ("cosmosqa", "cosmosqa/valid.csv", "id,context\n1,a\n", ":1: no column 'question'"),
        ("siqa", "siqa/socialIQa_v1.4_trn.jsonl", '{"correct": "D"}\n', ":1: unknown label 'D'; allowed: A, B, C"),
        ("qqp", "qqp/dev.tsv", "2\ta\tb\t1\n", ":1: unknown label '2'; allowed: 0, 1"),
        ("anli", "anli/R1/dev.jsonl", '{"label": "x"}\n', ":1: unknown label 'x'; allowed: e, n, c"),
        ("plain_text", "text/en.txt", "", ":1: the file is empty"),
    ],
)
def test_tasks_name_file_and_line_of_a_wrong_row(tmp_path, name, file, content, expected):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(content, encoding="utf-8")
    said = message(tasks.get(name).read, tmp_path, "train", "en")
    assert said.startswith(f"{tmp_path / file}{expected}")


def test_ccgbank_leaves_are_words_and_categories(tmp_path):
    (tmp_path / "ccgbank").mkdir()
    leaf = r"(<T S[dcl] 0 2> (<L NP NNP NNP Ann NP>) (<L S[dcl]\NP VBD VBD slept S[dcl]\NP_1>) )"
    (tmp_path / "ccgbank/wsj_00.auto").write_text(f"ID=wsj_0001.1 PARSER=GOLD NUMPARSE=1\n{leaf}\n")
    (row,) = tasks.get("ccg").read(tmp_path, "dev", "en")
    assert (row["id"], row["tokens"], row["tags"]) == ("2", ["Ann", "slept"], ["NP", r"S[dcl]\NP"])


def test_mentions_and_entities_read_as_xtreme_r_writes_them(tmp_path):
    (tmp_path / "mewslix").mkdir()
    text = "Zuerst. {So} kam Ann\nan. Zuletzt."
    article = {"language": "de", "text": text, "sentence_spans": [[0, 7], {"start": 8, "end": 24}, [25, 33]]}
    mention = {"example_id": "m1", "entity_id": "Q1", "mention_span": {"start": 17, "end": 20, "text": "Ann"}}
    line = {"context": article, "mentions": [mention]}
    (tmp_path / "mewslix/wikinews_mentions-test.jsonl").write_text(json.dumps(line) + "\n")
    (row,) = tasks.get("mewslix").read(tmp_path, "test", "de")
    assert (row["id"], row["text"], row["gold"]) == ("m1", "Ann: (So) kam { Ann } an.", ["Q1"])
    assert list(tasks.get("mewslix").read(tmp_path, "test", "en")) == []
    entity = {"entity_id": "Q1", "title": "Ann", "description": "Ann ist\neine Frau. Sie", "description_language": "de"}
    entities = [entity | {"sentence_spans": [[0, 18]]}, entity | {"entity_id": "Q2", "sentence_spans": []}]
    (tmp_path / "mewslix/candidate_set_entities.jsonl").write_text("".join(json.dumps(e) + "\n" for e in entities))
    found = list(tasks.get("mewslix").read(tmp_path, "pool", "mul"))
    assert [(row["text"], row["context"]) for row in found] == [("Ann ist eine Frau.", ""), ("Ann", "")]
    article["text"] = ""
    (tmp_path / "mewslix/wikinews_mentions-test.jsonl").write_text(json.dumps(line) + "\n")
    assert "get-mewsli-x.sh" in message(tasks.get("mewslix").read, tmp_path, "test", "de")
