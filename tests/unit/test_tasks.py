"""The registry, the benchmark tasks on the real files, and the documented way of adding a task."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from xstilts import tasks
from xstilts.cli import main
from xstilts.data.checks import RowCheck
from xstilts.errors import ConfigError, DataError
from xstilts.metrics import METRICS
from xstilts.sources.jsonl import Record
from xstilts.sources.overlap import fingerprint
from xstilts.tasks import catalogue, pawsx
from xstilts.tasks._editions import squad_row
from xstilts.tasks.base import MULTILINGUAL, POOL, RETRIEVAL_TYPES

DOCS = Path(__file__).parents[2] / "docs"
DOC, DATA_PAGE = DOCS / "adding-a-task.md", DOCS / "DATA.md"
BENCHMARKS = (
    *("xnli", "pawsx", "udpos", "panx", "xquad", "tatoeba", "mlqa", "tydiqa", "xcopa", "bucc2018", "xquad_r", "mlqa_r"),
    *("mewslix", "mnli", "snli", "anli", "qqp", "squad", "squad_v2", "squadshifts", "commonsenseqa", "hellaswag"),
    *("cosmosqa", "siqa", "copa", "ccg", "ccg_pmb"),
)
# What the mirror holds of every task, and in which languages where that is not all of them.
MIRRORED = dict.fromkeys(BENCHMARKS) | {"panx_text": None, "bucc2018": ("zh",)}
for missing in ("mlqa_r", "mewslix", "siqa", "copa", "ccg"):
    del MIRRORED[missing]
# Folders and files that no task reads: other languages' and other splits' of what the tasks cover.
LEFT = r"(tatoeba/.*|panx/train-.*|udpos/train-.*|xcopa/val\..*|ccg_pmb/((de|it|nl)\..*|en\.(test|eval)\.conll))"


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
        if split in ("train", "dev"):
            assert languages == ("en",)
        elif task.type not in RETRIEVAL_TYPES and name != "xcopa":
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
    assert "xstorycloze" not in tasks.registry()
    tasks.registry.cache_clear()
    (task_folder / "xstorycloze.py").write_text(code, encoding="utf-8")
    sample = re.search(r"```json\n(.*?)```", DOC.read_text("utf-8"), re.S).group(1)
    data = task_folder / "data"
    write(data, "xstorycloze/eval.sw.jsonl", sample)
    (row,) = read("xstorycloze", data, "test", "sw")
    given = json.loads(sample)
    expected = {"id": "7", "language": "sw", "prompt": given["story"], "choices": given["endings"], "label": 0}
    assert row == expected
    assert tasks.get("xstorycloze").chance == 50
    write(data, "xstorycloze/eval.sw.jsonl", sample.replace('"right": 0', '"right": 2'))
    with pytest.raises(DataError, match=r"eval\.sw\.jsonl:1: unknown label 2; allowed: 0, 1"):
        read("xstorycloze", data, "test", "sw")


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


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.parametrize("name", MIRRORED)
def test_published_counts(data_dir, name):
    task = tasks.choose(name, data_dir=data_dir)
    assert task.edition == ""
    for split, languages in task.languages.items():
        for language in MIRRORED[name] or languages:
            check = RowCheck(task, split, language)
            for row in task.read(data_dir, split, language):
                check(row)
            check.finish()
            assert check.count == task.rows[split, language]


@pytest.mark.mirror
@pytest.mark.parametrize(("name", "language"), [("xquad", "ar"), ("tydiqa", "sw")])
def test_answers_of_texts_that_the_hub_has_cut_are_put_right(data_dir, name, language):
    moved = 0
    for row in read(name, data_dir, "test", language):
        cut, *more = (len(text) - len(text.lstrip()) for text in (row["context"], *row["answer_texts"]))
        answers = {"text": [text.strip() for text in row["answer_texts"]], "answer_start": row["answer_starts"]}
        value = {"id": "1", "question": "?", "context": row["context"].strip(), "answers": answers}
        found = squad_row(Record(Path("a"), 1, value), language)["answer_starts"]
        assert found == [start - cut + own for start, own in zip(row["answer_starts"], more, strict=True)]
        moved += found != row["answer_starts"]
    assert moved > 10


@pytest.mark.mirror
def test_every_file_of_the_mirror_is_read_by_a_task(data_dir):
    read_files = {
        file
        for name in MIRRORED
        for split, languages in tasks.get(name).languages.items()
        for language in languages
        for file in tasks.get(name).files(split, language)
    }
    found = {str(path.relative_to(data_dir)) for path in data_dir.rglob("*") if path.is_file()}
    left = {file for file in found - read_files if "/" in file and not re.fullmatch(LEFT, file)}
    assert left == set()


@pytest.mark.mirror
def test_gold_of_pools_is_in_the_pool(data_dir):
    for name, languages, pool in (("xquad_r", ("ar", "zh"), MULTILINGUAL), ("bucc2018", ("zh",), "zh")):
        candidates = {row["id"] for row in read(name, data_dir, POOL, pool)}
        for language in languages:
            rows = read(name, data_dir, "test", language)
            gold = [identifier for row in rows for identifier in row["gold"]]
            assert set(gold) <= candidates
            if name == "xquad_r":
                assert all(len({one.split("-")[0] for one in row["gold"]}) == 11 for row in rows)
            else:
                assert len(gold) == 257


@pytest.mark.mirror
def test_about_half_of_squad_v2s_questions_have_no_answer(data_dir):
    rows = [row for split in ("train", "dev") for row in read("squad_v2", data_dir, split)]
    assert len(rows) == 11_873
    assert sum(not row["answer_texts"] for row in rows) == 5945


def test_mlqa_r_asks_what_mlqas_dev_files_ask():
    task = tasks.get("mlqa_r")
    assert {split for split, _ in task.rows} == {"test"}
    assert task.rows == tasks.get("mlqa").rows
    assert sum(task.rows.values()) == 4199


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
    assert total("squad") == 10_570
    assert total("squad_v2") == 11_873
    assert total("anli") == 3198
    assert total("qqp") == 20_000
    assert total("cosmosqa") == 2985
    assert sum(rows for (_, code), rows in tasks.get("tydiqa").rows.items() if code == "en") == 3696


def test_every_edition_says_what_it_holds():
    for task in tasks.registry().values():
        names = [edition.name for edition in task.editions]
        assert len(set(names)) == len(names)
        for edition in task.editions:
            resolved = task.at(edition.name)
            assert (resolved.edition, resolved.type, resolved.labels) == (edition.name, task.type, task.labels)
            for split, languages in resolved.languages.items():
                for language in languages:
                    files = resolved.files(split, language)
                    assert files and all(
                        not Path(file).is_absolute() and ".." not in Path(file).parts for file in files
                    )
                    assert edition.source != "url" or set(files) <= set(edition.downloads)
                    assert edition.source != "hub" or all(file.endswith(".parquet") for file in files)


def test_the_page_of_data_is_in_step_with_the_tasks():
    assert DATA_PAGE.read_text("utf-8") == catalogue.markdown(), "run: xstilts tasks --markdown > docs/DATA.md"


def test_the_command_lists_tasks_and_shows_rows(capsys):
    main(["tasks", "--json"])
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(found) == set(tasks.registry())
    assert found["xnli"]["editions"][0]["where"].startswith("facebook/xnli at b8dd5d7a")
    main(["tasks", "mini_nli", "--rows", "2"])
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == 2
    main(["tasks"])
    assert "bucc2018" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["tasks", "mini_nli", "--split", "tset"])
    assert "no split 'tset'; it has train, dev, test" in capsys.readouterr().err


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["mnli", "snli", "anli", "hellaswag", "cosmosqa", "squadshifts"])
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
    for name in ("xnli", "xquad", "xcopa"):
        reference = [
            (row["id"], row.get("label")) for row in read(name, data_dir, "test", tasks.get(name).languages["test"][0])
        ]
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


def test_every_task_is_scored_by_metrics_of_its_type():
    for task in tasks.registry().values():
        assert task.metrics, task.name
        assert all((task.type, name) in METRICS for name in task.metrics), task.name
