"""Fetching, preparing and reading back: what is checked, what is written, and that it is always the same."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from xstilts import artifacts, tasks
from xstilts.data import read
from xstilts.data.fetch import write_source
from xstilts.data.prepare import prepare as prepare_data
from xstilts.errors import ConfigError, DataError
from xstilts.tasks.base import TASK_TYPES, Task

SPLITS = [("test", "de"), ("test", "fr")]
LABELS = ("entailment", "neutral", "contradiction")
XNLI = dataclasses.replace(tasks.get("xnli"), rows={("test", "de"): 30, ("test", "fr"): 30})


def prepare(task, source, output, splits, **options):
    """Prepare from the folder ``raw`` beside the source unless told otherwise."""
    return prepare_data(task, source, output, splits, **({"data_dir": source.parent / "raw"} | options))


@pytest.fixture
def raw(tmp_path):
    """A data directory with thirty pairs in two languages."""
    folder = tmp_path / "raw"
    (folder / "xnli").mkdir(parents=True)
    for language in ("de", "fr"):
        rows = [f'{language} "premise" {i}\t{language} hypothesis {i}\t{LABELS[i % 3]}\n' for i in range(30)]
        (folder / f"xnli/dev-{language}.tsv").write_text("".join(rows), encoding="utf-8")
    return folder


@pytest.fixture
def source(raw, tmp_path):
    """The record of the raw files."""
    write_source(XNLI, raw, tmp_path / "source.json", SPLITS)
    return tmp_path / "source.json"


def rows_task(rows, task_type="classification", **fields):
    """A task that yields the given rows for every split."""
    defaults = {"labels": ("yes", "no"), "n_choices": 2 if task_type == "multiple_choice" else None}
    return Task(
        name="toy",
        type=task_type,
        languages={"test": ("en",)},
        files=lambda split, language: (),
        read=lambda root, split, language: iter(rows),
        metrics=("accuracy",),
        licence="none",
        citation="none",
        **(defaults | fields),
    )


def prepare_rows(task, folder):
    """Fetch and prepare a :func:`rows_task`."""
    folder.mkdir(exist_ok=True)
    write_source(task, folder, folder / "source.json", [("test", "en")])
    return prepare(task, folder / "source.json", folder / "out", [("test", "en")], data_dir=folder)


ROWS = {
    "classification": {"text_a": "a", "text_b": "", "label": "yes"},
    "multiple_choice": {"prompt": "p", "choices": ["x", "y"], "label": 1},
    "span_qa": {"question": "q?", "context": "so it is", "answer_texts": ["it"], "answer_starts": [3]},
    "tagging": {"tokens": ["a", "b"], "tags": ["yes", "no"]},
    "retrieval": {"text": "ein", "english": "one"},
    "pool_retrieval": {"text": "who?", "context": "", "gold": ["c1"]},
    "mlm": {"text": "one sentence"},
}


def test_source_records_every_byte_that_will_be_read(raw, source):
    record = json.loads(source.read_text())
    assert str(raw) not in source.read_text()
    assert set(record["files"]) == {"xnli/dev-de.tsv", "xnli/dev-fr.tsv"}
    assert record["files"]["xnli/dev-de.tsv"] == {
        "bytes": (raw / "xnli/dev-de.tsv").stat().st_size,
        "sha256": artifacts.sha256_file(raw / "xnli/dev-de.tsv"),
    }


def test_missing_files_are_all_named(raw, tmp_path):
    (raw / "xnli/dev-fr.tsv").unlink()
    with pytest.raises(DataError) as caught:
        write_source(XNLI, raw, tmp_path / "source.json", [*SPLITS, ("test", "ru")])
    assert str(caught.value) == (
        f"{raw}: task xnli lacks xnli/dev-fr.tsv, xnli/dev-ru.tsv; "
        "data_dir must hold these paths, as XTREME's download script lays them out"
    )
    assert not (tmp_path / "source.json").exists()


def test_tatoebas_files_have_lasers_names_and_the_message_says_so(tmp_path):
    with pytest.raises(DataError, match=r"tatoeba\.deu-eng\.deu.*as LASER's data/tatoeba/v1 lays them out"):
        write_source(tasks.get("tatoeba"), tmp_path, tmp_path / "source.json", [("test", "de")])


@pytest.mark.parametrize("data_dir", [None, Path("no-such-folder")])
def test_a_task_that_reads_files_needs_a_folder(tmp_path, data_dir):
    with pytest.raises(DataError, match="set data_dir to the folder of XTREME's download script"):
        write_source(XNLI, data_dir, tmp_path / "source.json", SPLITS)


def test_a_split_or_language_that_the_task_lacks(raw, tmp_path):
    with pytest.raises(ConfigError, match="task xnli has no split 'train'; it has test"):
        write_source(XNLI, raw, tmp_path / "source.json", [("train", "en")])
    with pytest.raises(ConfigError, match="task xnli has no 'test' in 'ja'; it has ar, bg"):
        write_source(XNLI, raw, tmp_path / "source.json", [("test", "ja")])


def test_rows_come_back_as_they_were(source, tmp_path):
    manifest = prepare(XNLI, source, tmp_path / "out", SPLITS)
    assert manifest["splits"] == {
        "test-de": {"rows": 30, "rows_before_limit": 30},
        "test-fr": {"rows": 30, "rows_before_limit": 30},
    }
    rows = read.load_rows(tmp_path / "out", "test", "de")
    assert rows[4] == {
        "id": "5",
        "language": "de",
        "text_a": 'de "premise" 4',
        "text_b": "de hypothesis 4",
        "label": "neutral",
    }
    assert read.languages(tmp_path / "out", "test") == ["de", "fr"]
    assert read.languages(tmp_path / "out", "train") == []
    assert artifacts.verify(tmp_path / "out") == manifest


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_every_type_survives_the_round_trip(tmp_path, task_type):
    rows = [{"id": str(i), "language": "en", **ROWS[task_type]} for i in range(2500)]
    rows[0] |= {"classification": {"label": "no"}, "multiple_choice": {"label": 0}}.get(task_type, {})
    prepare_rows(rows_task(rows, task_type), tmp_path)
    assert read.load_rows(tmp_path / "out", "test", "en") == rows


def test_unanswerable_questions_survive_the_round_trip(tmp_path):
    row = {"id": "1", "language": "en", "question": "q?", "context": "c", "answer_texts": [], "answer_starts": []}
    prepare_rows(rows_task([row], "span_qa"), tmp_path)
    assert read.load_rows(tmp_path / "out", "test", "en") == [row]


def test_datasets_reads_the_same_rows(source, tmp_path):
    prepare(XNLI, source, tmp_path / "out", SPLITS)
    assert read.load_dataset(tmp_path / "out", "test", "fr").to_list() == read.load_rows(tmp_path / "out", "test", "fr")


def test_limit_keeps_the_same_rows_in_every_language_in_file_order(source, tmp_path):
    manifest = prepare(XNLI, source, tmp_path / "out", SPLITS, limit=7)
    ids = {code: [row["id"] for row in read.load_rows(tmp_path / "out", "test", code)] for code in ("de", "fr")}
    assert ids["de"] == ids["fr"] == sorted(ids["de"], key=int)
    assert len(ids["de"]) == 7
    assert manifest["splits"]["test-de"] == {"rows": 7, "rows_before_limit": 30}
    more = prepare(XNLI, source, tmp_path / "more", SPLITS, limit=12)
    assert set(ids["de"]) < {row["id"] for row in read.load_rows(tmp_path / "more", "test", "de")}
    assert more["limit"] == 12


def test_the_manifest_depends_on_the_bytes_and_not_on_the_place(raw, source, tmp_path):
    first = prepare(XNLI, source, tmp_path / "one", SPLITS)
    moved = raw.rename(tmp_path / "elsewhere")
    write_source(XNLI, moved, tmp_path / "source2.json", SPLITS)
    second = prepare(XNLI, tmp_path / "source2.json", tmp_path / "two", SPLITS, data_dir=moved)
    assert (tmp_path / "one/manifest.json").read_bytes() == (tmp_path / "two/manifest.json").read_bytes()
    assert first == second
    assert str(tmp_path) not in (tmp_path / "one/manifest.json").read_text()


def test_raw_files_must_be_the_recorded_ones(raw, source, tmp_path):
    file = raw / "xnli/dev-de.tsv"
    file.write_bytes(file.read_bytes().replace(b"premise", b"Premise", 1))
    with pytest.raises(DataError, match=r"dev-de\.tsv: changed since it was fetched \(sha256 differs\); restore it"):
        prepare(XNLI, source, tmp_path / "out", SPLITS)
    file.unlink()
    with pytest.raises(DataError, match=r"dev-de\.tsv: gone since it was fetched"):
        prepare(XNLI, source, tmp_path / "out", SPLITS)
    assert not (tmp_path / "out").exists()


def test_generated_data_are_known_by_their_fingerprint(tmp_path, monkeypatch):
    task = rows_task([{"id": "1", "language": "en", **ROWS["retrieval"]}], "retrieval", source="generated")
    monkeypatch.setattr("xstilts.miniature.world_digest", lambda: "first", raising=False)
    first = prepare_rows(task, tmp_path)
    assert json.loads((tmp_path / "source.json").read_text())["fingerprint"] == "first"
    monkeypatch.setattr("xstilts.miniature.world_digest", lambda: "second", raising=False)
    with pytest.raises(DataError, match=r"source\.json: the generated world has changed since; fetch again"):
        prepare(task, tmp_path / "source.json", tmp_path / "out", [("test", "en")])
    assert prepare_rows(task, tmp_path)["source"] != first["source"]


def test_source_must_cover_the_splits_and_be_of_this_task(raw, source, tmp_path):
    with pytest.raises(DataError, match=r"source\.json: xnli/dev-en\.tsv is not recorded; fetch again"):
        prepare(XNLI, source, tmp_path / "out", [("test", "en")])
    with pytest.raises(DataError, match="made for another task or version than xnli 2"):
        prepare(dataclasses.replace(XNLI, version=2), source, tmp_path / "out", SPLITS)


def test_a_file_cut_at_a_line_end_is_noticed_by_its_count(raw, tmp_path):
    file = raw / "xnli/dev-fr.tsv"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:20]), encoding="utf-8")
    write_source(XNLI, raw, tmp_path / "source.json", SPLITS)
    with pytest.raises(DataError, match=r"xnli, test fr \(xnli/dev-fr\.tsv\): 20 rows instead of 30; download"):
        prepare(XNLI, tmp_path / "source.json", tmp_path / "out", SPLITS, limit=5)
    assert not (tmp_path / "out").exists()


def test_a_malformed_row_leaves_what_was_prepared_before(raw, source, tmp_path):
    prepare(XNLI, source, tmp_path / "out", SPLITS)
    before = (tmp_path / "out/manifest.json").read_bytes()
    file = raw / "xnli/dev-fr.tsv"
    file.write_text(file.read_text() + "cut off", encoding="utf-8")
    write_source(XNLI, raw, source, SPLITS)
    with pytest.raises(DataError, match=r"dev-fr\.tsv:31: the last row is cut off"):
        prepare(XNLI, source, tmp_path / "out", SPLITS)
    assert (tmp_path / "out/manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("task_type", "change", "expected"),
    [
        ("classification", {"label": "maybe"}, "unknown label 'maybe', allowed: yes, no"),
        ("classification", {"text_a": ""}, "text_a is empty"),
        ("classification", {"text_b": None}, "text_a or text_b is not a text"),
        ("classification", {"extra": 1}, "columns extra are missing or not part of a classification row"),
        ("classification", {"language": "de"}, "language is 'de'"),
        ("classification", {"id": 7}, "the id 7 is not a text"),
        ("multiple_choice", {"label": 2}, "label 2 is not the index of a choice"),
        ("multiple_choice", {"choices": ["x"]}, "it needs a prompt and 2 choices"),
        ("span_qa", {"answer_starts": [2]}, "answer 'it' is not at offset 2"),
        ("span_qa", {"answer_texts": [""]}, "an answer is empty; a question without one has no answer_texts"),
        ("span_qa", {"answer_starts": []}, "answer_texts and answer_starts do not pair"),
        ("span_qa", {"context": ""}, "question or context is empty"),
        ("tagging", {"tags": ["yes"]}, r"2 tokens but \['yes'\] as tags"),
        ("tagging", {"tags": ["yes", "B"]}, "unknown label 'B'"),
        ("tagging", {"tokens": []}, "tokens are not a list of non-empty texts"),
        ("retrieval", {"english": ""}, "text or english is empty"),
        ("pool_retrieval", {"gold": "c1"}, "gold 'c1' is not a list of candidate ids"),
        ("pool_retrieval", {"context": None}, "text or context is not a text"),
        ("mlm", {"text": ""}, "text is empty"),
    ],
)
def test_rows_that_break_their_types_contract(tmp_path, task_type, change, expected):
    row = {"id": "1", "language": "en", **ROWS[task_type]} | change
    with pytest.raises(DataError, match=expected) as caught:
        prepare_rows(rows_task([row], task_type), tmp_path)
    assert "\n" not in str(caught.value)
    assert "task toy, test en" in str(caught.value)


def test_ids_are_unique_and_splits_are_not_empty(tmp_path):
    row = {"id": "1", "language": "en", **ROWS["retrieval"]}
    with pytest.raises(DataError, match="row '1': its id occurs twice"):
        prepare_rows(rows_task([row, row], "retrieval"), tmp_path)
    with pytest.raises(DataError, match="no rows"):
        prepare_rows(rows_task([], "retrieval"), tmp_path)


@pytest.mark.parametrize("task_type", ["classification", "multiple_choice"])
def test_scored_rows_that_all_have_one_label_are_refused_from_a_number_on(tmp_path, task_type):
    rows = [{"id": str(number), "language": "en", **ROWS[task_type]} for number in range(20)]
    prepare_rows(rows_task(rows[:19], task_type), tmp_path)
    expected = "task toy, test en .*: all 20 rows have label .*: the labels were removed, as XTREME's .*source: hub"
    with pytest.raises(DataError, match=expected) as caught:
        prepare_rows(rows_task(rows, task_type), tmp_path)
    assert "\n" not in str(caught.value)
    rows[7] = rows[7] | {"label": "no" if task_type == "classification" else 0}
    prepare_rows(rows_task(rows, task_type), tmp_path)


def test_xcopa_of_xtremes_script_has_no_labels_and_is_refused(tmp_path):
    (tmp_path / "raw/xcopa").mkdir(parents=True)
    blanked = {"premise": "p", "choice1": "a", "choice2": "b", "question": "cause", "label": 0}
    (tmp_path / "raw/xcopa/test.it.jsonl").write_text((json.dumps(blanked) + "\n") * 500)
    task, source, splits = tasks.get("xcopa"), tmp_path / "source.json", [("test", "it")]
    write_source(task, tmp_path / "raw", source, splits)
    with pytest.raises(
        DataError, match=r"\(xcopa/test\.it\.jsonl\): all 500 rows have label 0: the labels were removed"
    ):
        prepare(task, source, tmp_path / "out", splits)


def test_reading_what_was_not_prepared_says_what_was(source, tmp_path):
    prepare(XNLI, source, tmp_path / "out", SPLITS)
    with pytest.raises(DataError, match=r"test-th\.arrow: no such table; prepared there: test-de, test-fr"):
        read.load_rows(tmp_path / "out", "test", "th")


def test_a_damaged_table_is_an_error_not_fewer_rows(source, tmp_path):
    prepare(XNLI, source, tmp_path / "out", SPLITS)
    table = tmp_path / "out/test-de.arrow"
    table.write_bytes(table.read_bytes()[: table.stat().st_size // 2])
    with pytest.raises(DataError, match=r"test-de\.arrow: damaged .*; delete .* and prepare again"):
        read.load_rows(tmp_path / "out", "test", "de")


@pytest.mark.mirror
def test_real_files_go_all_the_way(tmp_path):
    if "XSTILTS_DATA_DIR" not in os.environ:
        pytest.skip("set XSTILTS_DATA_DIR to a folder in XTREME's download layout")
    for name in ("xnli", "xquad", "udpos", "tatoeba", "commonsenseqa"):
        task = tasks.get(name)
        split = "test" if "test" in task.languages else "dev"
        wanted = [(split, language) for language in task.languages[split][:2]]
        write_source(task, Path(os.environ["XSTILTS_DATA_DIR"]), tmp_path / f"{name}.json", wanted)
        folder = Path(os.environ["XSTILTS_DATA_DIR"])
        manifest = prepare(task, tmp_path / f"{name}.json", tmp_path / name, wanted, data_dir=folder)
        for _, language in wanted:
            rows = read.load_rows(tmp_path / name, split, language)
            assert len(rows) == manifest["splits"][f"{split}-{language}"]["rows"] == task.rows[split, language]


def test_open_labels_are_those_of_the_data(tmp_path):
    rows = [{"id": "1", "language": "en", "tokens": ["a", "b"], "tags": ["NP", "N/N"]}]
    rows.append({"id": "2", "language": "en", "tokens": ["c"], "tags": ["NP"]})
    task = rows_task(rows, "tagging", labels=(), open_labels=True)
    manifest = prepare_rows(task, tmp_path)
    assert manifest["labels"] == ["N/N", "NP"]
    assert read.labels(tmp_path / "out") == ("N/N", "NP")
    with pytest.raises(ValueError, match="open_labels goes with tagging tasks that declare no labels"):
        rows_task(rows, "tagging", open_labels=True)


def test_the_record_names_the_edition_and_rows_are_prepared_from_it(raw, tmp_path):
    folder = tmp_path / "raw"
    for split in ("train", "dev"):
        pair = {"sentence1": split, "sentence2": "b", "gold_label": "neutral"}
        (folder / "snli").mkdir(exist_ok=True)
        (folder / f"snli/{split}.jsonl").write_text(json.dumps(pair) + "\n")
    snli = tasks.get("snli")
    snli = dataclasses.replace(snli, editions=tuple(dataclasses.replace(e, rows={}) for e in snli.editions))
    write_source(snli.at("published"), folder, tmp_path / "source.json", [("train", "en"), ("dev", "en")])
    assert json.loads((tmp_path / "source.json").read_text())["edition"] == "published"
    manifest = prepare(snli, tmp_path / "source.json", tmp_path / "out", [("train", "en"), ("dev", "en")])
    assert [row["text_a"] for row in read.load_rows(tmp_path / "out", "train", "en")] == ["train"]
    assert "published training" in manifest["splits_note"]


def test_the_record_of_a_tasks_own_layout_is_what_it_was_before_editions(source):
    record = json.loads(source.read_text())
    assert list(record) == ["citation", "files", "licence", "source", "task", "version"]
