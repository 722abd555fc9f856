"""The registry, the benchmark tasks on the real files, and the documented way of adding a task."""

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from xstilts import tasks
from xstilts.errors import ConfigError, DataError
from xstilts.sources.overlap import fingerprint
from xstilts.tasks import pawsx

DOC = Path(__file__).parents[2] / "docs" / "adding-a-task.md"
BENCHMARKS = (
    *("xnli", "pawsx", "udpos", "panx", "xquad", "tatoeba"),
    *("mnli", "snli", "squadshifts", "commonsenseqa", "hellaswag"),
)


@pytest.fixture
def data_dir():
    """The benchmarks' real files."""
    if "XSTILTS_DATA_DIR" not in os.environ:
        pytest.skip("set XSTILTS_DATA_DIR to a folder in XTREME's download layout")
    return Path(os.environ["XSTILTS_DATA_DIR"])


@pytest.fixture
def task_folder(tmp_path, monkeypatch):
    """A folder whose modules count as task files for the duration of a test."""
    known = set(sys.modules)
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path)])
    tasks.registry.cache_clear()
    yield tmp_path
    tasks.registry.cache_clear()
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
            delattr(tasks, name.rpartition(".")[2])


def read(name, root, split, language="en"):
    return list(tasks.get(name).read(root, split, language))


def write(root, name, text):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def test_registry_has_the_benchmarks():
    assert set(BENCHMARKS) <= set(tasks.registry())


@pytest.mark.parametrize("name", BENCHMARKS)
def test_scored_languages_include_english_and_training_is_english_only(name):
    task = tasks.get(name)
    for split, languages in task.languages.items():
        assert len(set(languages)) == len(languages)
        if split != "test":
            assert languages == ("en",)
        elif task.type != "retrieval":
            assert "en" in languages
    assert set(task.rows) <= {
        (split, language) for split, languages in task.languages.items() for language in languages
    }
    assert task.splits_note and task.licence and task.citation


def test_unknown_task_suggests_the_nearest():
    with pytest.raises(ConfigError, match="unknown task 'xnil'; did you mean xnli"):
        tasks.get("xnil")
    with pytest.raises(ConfigError, match=r"tasks: .*xquad"):
        tasks.get("qqqqqq")


def test_two_files_with_one_name_are_refused(task_folder):
    (task_folder / "zz_copy.py").write_text("from xstilts.tasks.xnli import TASK\n", encoding="utf-8")
    with pytest.raises(ValueError, match="two task files declare the name 'xnli'"):
        tasks.registry()


def test_the_documented_example_is_a_working_task(task_folder):
    code = next(
        block for block in re.findall(r"```python\n(.*?)```", DOC.read_text("utf-8"), re.S) if "TASK = " in block
    )
    (task_folder / "xcopa.py").write_text(code, encoding="utf-8")
    sample = re.search(r"```json\n(.*?)```", DOC.read_text("utf-8"), re.S).group(1)
    data = task_folder / "data"
    for language in ("et", "th"):
        write(data, f"xcopa/test.{language}.jsonl", sample)
    (row,) = read("xcopa", data, "test", "th")
    given = json.loads(sample)
    assert row == {
        "id": "1",
        "language": "th",
        "prompt": f"{given['premise']} What was the cause?",
        "choices": [given["choice1"], given["choice2"]],
        "label": given["label"],
    }
    assert tasks.get("xcopa").chance == 50
    write(data, "xcopa/test.th.jsonl", sample.replace('"cause"', '"reason"'))
    with pytest.raises(DataError, match=r"test\.th\.jsonl:1: unknown label 'reason'; allowed: cause, effect"):
        read("xcopa", data, "test", "th")


@pytest.mark.parametrize(
    ("name", "file", "content", "expected"),
    [
        (
            "xnli",
            "xnli/dev-en.tsv",
            "a\tb\tneutral\na\tb\tmaybe\n",
            ":2: unknown label 'maybe'; allowed: entailment, neu",
        ),
        ("pawsx", "pawsx/dev-en.tsv", "a\tb\t2\n", ":1: unknown label '2'; allowed: 0, 1"),
        ("udpos", "udpos/dev-en.tsv", "a\tNOM\n", ":1: unknown label 'NOM'; allowed: ADJ"),
        ("panx", "panx/dev-en.tsv", "a\tB-MISC\n", ":1: unknown label 'B-MISC'; allowed: O"),
    ],
)
def test_a_wrong_label_names_file_line_and_the_allowed_ones(tmp_path, name, file, content, expected):
    write(tmp_path, file, content)
    with pytest.raises(DataError) as caught:
        read(name, tmp_path, "test")
    assert str(caught.value).startswith(f"{tmp_path / file}{expected}")


@pytest.mark.parametrize("field", ["answerKey", "choices", "label"])
def test_wrong_multiple_choice_rows_name_file_and_line(tmp_path, field):
    choices = [{"label": letter, "text": letter} for letter in "ABCDE"]
    question = {"id": "1", "answerKey": "A", "question": {"stem": "Which?", "choices": choices}}
    ending = {"ind": 1, "ctx": "He", "endings": ["a", "b", "c", "d"], "label": 4}
    if field == "answerKey":
        question["answerKey"] = "F"
    elif field == "choices":
        del choices[2]
    write(tmp_path, "commonsenseqa/dev_rand_split.jsonl", json.dumps(question) + "\n")
    write(tmp_path, "hellaswag/hellaswag_val.jsonl", json.dumps(ending) + "\n")
    expected = {
        "answerKey": r"dev_rand_split\.jsonl:1: unknown label 'F'; allowed: A, B, C, D, E",
        "choices": r"dev_rand_split\.jsonl:1: choices are labelled A, B, D, E; they must be A, B, C, D, E",
        "label": r"hellaswag_val\.jsonl:1: unknown label 4; allowed: 0 to 3",
    }[field]
    with pytest.raises(DataError, match=expected):
        read("hellaswag" if field == "label" else "commonsenseqa", tmp_path, "dev")


def test_tatoeba_needs_both_files_of_one_length(tmp_path):
    write(tmp_path, "tatoeba/tatoeba.deu-eng.deu", "eins\nzwei\n")
    write(tmp_path, "tatoeba/tatoeba.deu-eng.eng", "one\n")
    with pytest.raises(DataError, match=r"deu-eng\.deu:2: 2 lines, but .*deu-eng\.eng has 1; the two files pair"):
        read("tatoeba", tmp_path, "test", "de")


def test_pawsx_refuses_files_that_are_not_parallel(tmp_path):
    write(tmp_path, "pawsx/dev-en.tsv", "".join(f"a{i}\tb{i}\t0\n" for i in range(40)))
    write(tmp_path, "pawsx/dev-de.tsv", "".join(f"c{i}\td{i}\t1\n" for i in range(40)))
    with pytest.raises(
        DataError, match=r"dev-de\.tsv:\d+: label 1, but line \d+ of .*dev-en\.tsv has 0; the files must"
    ):
        read("pawsx", tmp_path, "test", "de")
    write(tmp_path, "pawsx/dev-de.tsv", "c\td\t1\n")
    with pytest.raises(DataError, match=r"dev-de\.tsv:1: 1 rows, but .*dev-en\.tsv has 40; the files must be parallel"):
        read("pawsx", tmp_path, "test", "de")


def test_pawsx_leaves_untranslated_rows_out_of_their_language_only(tmp_path):
    write(tmp_path, "pawsx/dev-en.tsv", "".join(f"a{i}\tb{i}\t1\n" for i in range(40)))
    scored = [row["id"] for row in read("pawsx", tmp_path, "test")]
    gone = scored[0]
    rows = [f"c{i}\t{'NS' if str(i + 1) == gone else f'd{i}'}\t{0 if str(i + 1) == gone else 1}\n" for i in range(40)]
    write(tmp_path, "pawsx/dev-de.tsv", "".join(rows))
    assert [row["id"] for row in read("pawsx", tmp_path, "test", "de")] == scored[1:]


def test_sentences_that_are_scored_are_not_trained_on(tmp_path):
    sentences = [f"word{i}\tNOUN\n" for i in range(200)]
    write(tmp_path, "udpos/train-en.tsv", "\n".join(sentences * 2))
    write(tmp_path, "udpos/dev-en.tsv", "\n".join(sentences[:50]))
    parts = {
        split: [tuple(row["tokens"]) for row in read("udpos", tmp_path, split)] for split in ("train", "dev", "test")
    }
    assert len(parts["train"]) + len(parts["dev"]) == 300
    assert not set(parts["train"]) & set(parts["dev"])
    assert not set(parts["test"]) & (set(parts["train"]) | set(parts["dev"]))


def test_squadshifts_leaves_out_articles_and_passages_of_xquad(tmp_path):
    def document(*articles):
        data = [
            {
                "title": title,
                "paragraphs": [{"context": f"{text}", "qas": [{"id": text, "question": "?", "answers": []}]}],
            }
            for title, text in articles
        ]
        return json.dumps({"data": data})

    write(tmp_path, "xquad/xquad.en.json", document(("Steam_engine", "Steam moves it."), ("", "Untitled.")))
    shared = (("Steam engine", "Another passage."), ("Copy", "Steam  moves it!"), ("", "Kept too."), ("Tin", "Kept."))
    write(tmp_path, "squadshifts/new_wiki_v1.0.json", document(*shared))
    for domain in ("amazon_reviews", "reddit"):
        write(tmp_path, f"squadshifts/{domain}_v1.0.json", document())
    kept = [row["context"] for split in ("train", "dev") for row in read("squadshifts", tmp_path, split)]
    assert sorted(kept) == ["Kept too.", "Kept."]


def test_mnli_leaves_out_premises_of_xnli(tmp_path):
    pairs = [{"sentence1": text, "sentence2": "b", "gold_label": "neutral"} for text in ("Scored here .", "Free.")]
    write(tmp_path, "mnli/dev_matched.jsonl", "".join(json.dumps(pair) + "\n" for pair in pairs))
    write(tmp_path, "xnli/dev-en.tsv", "scored here.\tx\tneutral\n")
    assert [row["text_a"] for split in ("train", "dev") for row in read("mnli", tmp_path, split)] == ["Free."]


@pytest.mark.mirror
@pytest.mark.parametrize("name", BENCHMARKS)
def test_published_counts(data_dir, name):
    task = tasks.get(name)
    for split, languages in task.languages.items():
        for language in languages:
            ids = Counter(row["id"] for row in task.read(data_dir, split, language))
            assert ids.total() == task.rows[split, language], (split, language)
            assert len(ids) == ids.total()


def test_divided_files_lose_only_what_is_scored():
    def total(name):
        return sum(tasks.get(name).rows[split, "en"] for split in tasks.get(name).languages)

    assert total("pawsx") == 2000
    assert total("hellaswag") == 10_042
    assert total("snli") == 19_666
    assert total("squadshifts") == 9885 + 7938 + 9803
    assert total("mnli") == 9815 - 3
    assert total("udpos") == 21_253 - 289 + 3974
    assert total("panx") == 20_000 - 409 + 10_000


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["mnli", "snli", "hellaswag", "squadshifts"])
def test_no_text_is_in_both_train_and_dev_nor_scored(data_dir, name):
    column = {"classification": "text_a", "multiple_choice": "prompt", "span_qa": "context"}[tasks.get(name).type]
    train, dev = ({fingerprint(row[column]) for row in read(name, data_dir, split)} for split in ("train", "dev"))
    scored = {fingerprint(row["text_a"]) for row in read("xnli", data_dir, "test")}
    scored |= {fingerprint(row["context"]) for row in read("xquad", data_dir, "test")}
    assert not train & dev
    assert not (train | dev) & scored


@pytest.mark.mirror
def test_pawsx_parts_share_no_sentence_in_any_word_order(data_dir):
    bags = {}
    for split in ("train", "dev", "test"):
        rows = read("pawsx", data_dir, split)
        texts = [row[column] for row in rows for column in ("text_a", "text_b")]
        bags[split] = {tuple(sorted(re.findall(r"\w+", text.casefold()))) for text in texts}
    assert not bags["train"] & bags["test"]
    assert not bags["train"] & bags["dev"]
    assert not bags["dev"] & bags["test"]


@pytest.mark.mirror
def test_parallel_tasks_have_the_same_ids_and_labels_in_every_language(data_dir):
    for name in ("xnli", "xquad"):
        reference = [(row["id"], row.get("label")) for row in read(name, data_dir, "test")]
        for language in tasks.get(name).languages["test"]:
            assert [(row["id"], row.get("label")) for row in read(name, data_dir, "test", language)] == reference
    english = {row["id"]: row["label"] for row in read("pawsx", data_dir, "test")}
    for language in pawsx.TEST_ROWS:
        assert {row["id"]: row["label"] for row in read("pawsx", data_dir, "test", language)}.items() <= english.items()


def test_chance_is_one_over_the_options_where_guessing_has_options() -> None:
    assert tasks.get("xnli").chance == pytest.approx(100 / 3)
    assert tasks.get("commonsenseqa").chance == 20
    assert tasks.get("udpos").chance is None
    assert tasks.get("xquad").chance is None
