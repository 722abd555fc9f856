"""Fetching tasks by the hub's own client from a small hub on loopback, and what goes wrong on the way."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub import PATIENT, serve
from xstilts import tasks
from xstilts.data import download as downloading
from xstilts.data.download import from_hub
from xstilts.data.fetch import write_source
from xstilts.data.prepare import prepare
from xstilts.data.read import load_rows
from xstilts.errors import DataError
from xstilts.sources.places import Hub


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(downloading, "PATIENCE", 0.01)


def hub_metadata(column, names, listed=False):
    """What the hub's library writes into Parquet files."""
    label = {"names": list(names), "_type": "ClassLabel"}
    feature = {"feature": label, "_type": "Sequence"} if listed else label
    return {b"huggingface": json.dumps({"info": {"features": {column: feature}}}).encode()}


def parquet(folder, name, rows, metadata=None):
    table = pa.Table.from_pylist(rows)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(metadata), folder / name)


NLI = ("entailment", "neutral", "contradiction")
PANX = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
PART = "-00000-of-00001.parquet"
NLI_ROWS = [{"premise": "p1", "hypothesis": "h1", "label": 1}, {"premise": "p2", "hypothesis": "h2", "label": -1}]
QUESTION = {"id": "q1", "title": "T", "context": "Rome is old.", "question": "What is old?"}
ANSWERED = QUESTION | {"answers": {"text": ["Rome"], "answer_start": [0]}}
# Two spaces before the context were cut off and the offset left.
SHIFTED = QUESTION | {"answers": {"text": ["old"], "answer_start": [10]}}
UNANSWERED = QUESTION | {"answers": {"text": [], "answer_start": []}}
TYDI = [ANSWERED | {"id": f"{name}--1-0"} for name in ("korean", "swahili")]
COPA = {"premise": "It rained.", "choice1": "a", "choice2": "b", "question": "effect", "label": 1, "idx": 0}
GLUE = {"question1": "Why?", "question2": "How?", "label": 1, "idx": 7}
PAWS = {"id": 3, "sentence1": "one", "sentence2": "two", "label": 1}
HELLA = {"ind": 4, "ctx_a": "He sits.", "ctx_b": "he", "ctx": "He sits. he", "endings": list("abcd"), "label": "2"}
CSQA = {
    "id": "c1",
    "question": "Where?",
    "question_concept": "x",
    "choices": {"label": list("ABCDE"), "text": list("vwxyz")},
    "answerKey": "B",
}
TATOEBA = {"source_sentence": "eins\n", "target_sentence": "one\n", "source_lang": "deu", "target_lang": "eng"}
TAGS = {"tokens": ["Rome", "fell"], "ner_tags": [5, 0], "langs": ["en", "en"], "spans": ["LOC: Rome"]}
POS = {"tokens": ["Rome", "fell"], "pos_tags": [11, 15]}
WIKI = {"id": "9", "url": "u", "title": "t", "text": f"Short.\n{'A long paragraph. ' * 8}\n"}

# Task, split, language, path in the repository, its rows with all of the real data set's columns, what is read.
CASES = [
    ("mnli", "train", "en", f"data/train{PART}", NLI_ROWS, {"text_a": "p1", "label": "neutral"}),
    ("snli", "dev", "en", f"plain_text/validation{PART}", NLI_ROWS, {"text_b": "h1", "label": "neutral"}),
    ("xnli", "test", "de", f"de/test{PART}", NLI_ROWS[:1], {"text_a": "p1", "label": "neutral"}),
    ("xnli_translate_train", "train", "de", f"de/train{PART}", NLI_ROWS[:1], {"label": "neutral"}),
    ("qqp", "train", "en", f"qqp/train{PART}", [GLUE], {"id": "7", "label": "1"}),
    ("squad", "dev", "en", f"plain_text/validation{PART}", [ANSWERED], {"answer_texts": ["Rome"]}),
    ("squad_v2", "dev", "en", f"squad_v2/validation{PART}", [ANSWERED, UNANSWERED | {"id": "q2"}], {"id": "q1"}),
    ("hellaswag", "dev", "en", f"data/validation{PART}", [HELLA], {"prompt": "He sits.", "label": 2}),
    ("commonsenseqa", "dev", "en", f"data/validation{PART}", [CSQA], {"choices": list("vwxyz"), "label": 1}),
    ("copa", "train", "en", f"copa/train{PART}", [COPA], {"choices": ["a", "b"], "label": 1}),
    ("xcopa", "test", "th", f"th/test{PART}", [COPA | {"changed": False}], {"label": 1}),
    ("pawsx", "test", "de", f"de/test{PART}", [PAWS], {"id": "3", "label": "1"}),
    ("xquad", "test", "el", f"xquad.el/validation{PART}", [ANSWERED], {"answer_starts": [0]}),
    ("xquad", "test", "ar", f"xquad.ar/validation{PART}", [SHIFTED], {"answer_texts": ["old"], "answer_starts": [8]}),
    ("mlqa", "test", "hi", f"MLQA.hi.hi/test{PART}", [ANSWERED], {"context": "Rome is old."}),
    ("tydiqa", "test", "ko", f"tydiqa/validation{PART}", TYDI, {"id": "korean--1-0", "language": "ko"}),
    ("tatoeba", "test", "de", f"tatoeba.deu/validation{PART}", [TATOEBA], {"text": "eins", "english": "one"}),
    ("panx", "test", "th", f"th/test{PART}", [TAGS], {"tags": ["B-LOC", "O"]}),
    ("udpos", "test", "yo", f"udpos.Yoruba/test{PART}", [POS], {"tags": ["PROPN", "VERB"]}),
    ("wikipedia", "train", "sw", "20231101.sw/train-00000-of-00003.parquet", [WIKI], {"id": "9-1"}),
]


def unchecked(name):
    """A task whose hub edition has few rows."""
    task = tasks.get(name)
    editions = tuple(replace(found, rows={}) for found in task.editions if found.source == "hub")
    return replace(task, editions=editions, overlaps=())


@pytest.mark.parametrize(("name", "split", "language", "path", "rows", "expected"), CASES, ids=[c[0] for c in CASES])
def test_a_pinned_data_set_is_fetched_and_then_prepared_without_network(
    tmp_path, monkeypatch, name, split, language, path, rows, expected
):
    task = unchecked(name)
    hub = task.at("hub").hub
    parquet(tmp_path / "repository", path, rows)
    wanted = [(split, language)]
    with serve({f"datasets/{hub.id}": tmp_path / "repository"}, hub.revision) as (address, requests):
        client(monkeypatch, address, tmp_path)
        write_source(task.at("hub"), None, tmp_path / "source.json", wanted, raw=tmp_path / "raw")
        assert not any(request.endswith(".py") for request in requests)
    monkeypatch.setattr(socket, "socket", no_network)
    record = json.loads((tmp_path / "source.json").read_text())
    assert record["hub"] == {"id": hub.id, "revision": hub.revision}
    prepare(task, tmp_path / "source.json", tmp_path / "out", wanted, raw=tmp_path / "raw")
    found = load_rows(tmp_path / "out", split, language)
    assert expected.items() <= found[0].items()
    assert all(row["language"] == language for row in found)


def test_the_rounds_of_anli_are_fetched_from_a_commit_that_has_them(tmp_path, monkeypatch):
    task = unchecked("anli")
    hub = task.at("hub").hub
    # Commits before this one have a loading script and no data files.
    assert hub == Hub("facebook/anli", "8e4813d81f46d313dac7892e1c28076917cfcdf9")
    for number, label in enumerate((2, 0, 1), start=1):
        row = {"uid": "u", "premise": f"p{number}", "hypothesis": "h", "label": label, "reason": ""}
        parquet(tmp_path / "repository", f"plain_text/dev_r{number}{PART}", [row])
    wanted = [("dev", "en")]
    with serve({f"datasets/{hub.id}": tmp_path / "repository"}, hub.revision) as (address, _):
        client(monkeypatch, address, tmp_path)
        write_source(task.at("hub"), None, tmp_path / "source.json", wanted, raw=tmp_path / "raw")
    prepare(task, tmp_path / "source.json", tmp_path / "out", wanted, raw=tmp_path / "raw")
    found = [(row["id"], row["text_a"], row["label"]) for row in load_rows(tmp_path / "out", "dev", "en")]
    assert found == [
        ("dev_r1-1", "p1", "contradiction"),
        ("dev_r2-1", "p2", "entailment"),
        ("dev_r3-1", "p3", "neutral"),
    ]


def no_network(*arguments, **options):
    raise AssertionError("the network was used")


def client(monkeypatch, address, home):
    """Point the hub's client, which reads its environment when it is imported, to a server."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub-cache"))
    import huggingface_hub.hf_api as api

    monkeypatch.setattr(api.constants, "ENDPOINT", address)


def test_the_files_own_label_names_go_before_the_declared_ones(tmp_path, monkeypatch):
    task = unchecked("panx")
    hub = task.at("hub").hub
    turned = tuple(reversed(PANX))
    parquet(tmp_path / "repository", f"en/test{PART}", [TAGS], hub_metadata("ner_tags", turned, listed=True))
    with serve({f"datasets/{hub.id}": tmp_path / "repository"}, hub.revision) as (address, _):
        client(monkeypatch, address, tmp_path)
        write_source(task.at("hub"), None, tmp_path / "source.json", [("test", "en")], raw=tmp_path / "raw")
    prepare(task, tmp_path / "source.json", tmp_path / "out", [("test", "en")], raw=tmp_path / "raw")
    assert load_rows(tmp_path / "out", "test", "en")[0]["tags"] == [turned[5], turned[0]]


def test_a_label_number_without_a_name_and_a_missing_column_name_the_file(tmp_path):
    task = tasks.get("xnli").at("hub")
    parquet(tmp_path, f"de/test{PART}", [NLI_ROWS[0], NLI_ROWS[0] | {"label": 3}])
    with pytest.raises(DataError, match=r"test-00000-of-00001\.parquet:2: unknown label 3 in 'label'; allowed: 0 to 2"):
        list(task.read(tmp_path, "test", "de"))
    parquet(tmp_path, f"de/test{PART}", [{"premise": "p"}])
    with pytest.raises(DataError, match="no column 'hypothesis'; found: premise"):
        list(task.read(tmp_path, "test", "de"))
    (tmp_path / f"de/test{PART}").write_bytes(b"PAR1 cut")
    with pytest.raises(DataError, match="not a Parquet file"):
        list(task.read(tmp_path, "test", "de"))


def test_a_data_set_without_a_pinned_revision_needs_permission(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"no revision is pinned.*allow_unpinned") as caught:
        from_hub(Hub("team/data", None), ["a.parquet"], tmp_path)
    assert "\n" not in str(caught.value)
    parquet(tmp_path / "repository", "a.parquet", [{"x": 1}])
    commit = "0123456789" * 4
    with serve({"datasets/team/data": tmp_path / "repository"}, commit) as (address, _):
        client(monkeypatch, address, tmp_path)
        assert from_hub(Hub("team/data", None), ["a.parquet"], tmp_path / "raw", allow_unpinned=True) == commit


def test_a_revision_that_the_hub_lacks_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    parquet(tmp_path / "repository", "a.parquet", [{"x": 1}])
    with serve({"datasets/team/data": tmp_path / "repository"}, "0" * 40) as (address, _):
        client(monkeypatch, address, tmp_path)
        with pytest.raises(DataError, match="cannot be fetched") as caught:
            from_hub(Hub("team/data", "f" * 40), ["a.parquet"], tmp_path / "raw")
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "raw").glob("*.parquet"))


def test_a_revision_is_a_commit():
    with pytest.raises(ValueError, match="not a 40-digit commit"):
        Hub("team/data", "main")


@pytest.mark.slow
def test_the_command_fetches_and_says_what_is_wrong_in_one_line(tmp_path):
    task = tasks.get("xnli").at("hub")
    command = [sys.executable, "-m", "xstilts", "fetch", "--task", "xnli", "--edition", "hub", "--splits", "test-de"]
    command += ["--raw", str(tmp_path / "raw"), "--output", str(tmp_path / "source.json")]
    parquet(tmp_path / "repository", f"de/test{PART}", NLI_ROWS[:1])
    with serve({f"datasets/{task.hub.id}": tmp_path / "repository"}, task.hub.revision) as (address, _):
        environment = os.environ | {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home")}
        first = subprocess.run(command, env=environment | PATIENT, capture_output=True, text=True)
        done = subprocess.run(
            [*command[:-1], str(tmp_path / "b.json"), "--edition", "web"], capture_output=True, text=True
        )
    assert first.returncode == 0, first.stderr
    assert (tmp_path / "source.json").is_file()
    assert done.stderr.strip() == "xstilts: error: task xnli has no edition 'web'; it has: hub"
