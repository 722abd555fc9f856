"""Perturbations: pure, seeded, nested, true to their labels, in every script of XTREME-R."""

import hashlib
import os
import random
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from xstilts import languages, perturbations, seeds, tasks
from xstilts.artifacts import file_table, verify, write_json
from xstilts.data.perturb import perturb
from xstilts.data.prepare import arrow_schema
from xstilts.data.read import load_rows
from xstilts.errors import ConfigError, DataError, XstiltsError
from xstilts.languages import LANGUAGES, Language
from xstilts.perturbations.base import Perturbation, clusters, edit_rate
from xstilts.perturbations.rows import perturb_row
from xstilts.tasks.base import TASK_TYPES

NOISE = perturbations.get("char_noise")

SENTENCES = {
    "Arab": "الكتاب على الطاولة منذ يوم أمس، أليس كذلك؟",
    "Beng": "বইটি গতকাল থেকে টেবিলের উপর আছে।",
    "Cyrl": "Книга лежит на столе со вчерашнего дня.",
    "Deva": "किताब कल से मेज़ पर रखी हुई है।",
    "Geor": "წიგნი გუშინდელი დღიდან მაგიდაზე დევს.",
    "Grek": "Το βιβλίο είναι πάνω στο τραπέζι από χθες.",
    "Gujr": "પુસ્તક ગઈકાલથી ટેબલ પર છે.",
    "Guru": "ਕਿਤਾਬ ਕੱਲ੍ਹ ਤੋਂ ਮੇਜ਼ ਉੱਤੇ ਪਈ ਹੈ।",
    "Hans": "这本书从昨天起就放在桌子上，不是吗？",
    "Hebr": "הספר מונח על השולחן מאז אתמול.",
    "Jpan": "その本はきのうからテーブルの上に置いてあります。",
    "Kore": "그 책은 어제부터 책상 위에 놓여 있습니다.",
    "Latn": "Das Buch liegt seit 24 Stunden schräg auf dem Tisch.",
    "Mlym": "പുസ്തകം ഇന്നലെ മുതൽ മേശപ്പുറത്തുണ്ട്.",
    "Mymr": "စာအုပ်သည် မနေ့ကတည်းက စားပွဲပေါ်တွင် ရှိနေသည်။",
    "Taml": "புத்தகம் நேற்று முதல் மேசையில் இருக்கிறது.",
    "Telu": "పుస్తకం నిన్నటి నుండి బల్ల మీద ఉంది.",
    "Thai": "หนังสือเล่มนี้วางอยู่บนโต๊ะตั้งแต่เมื่อวานนี้",
}

LANGUAGE = st.sampled_from(sorted(LANGUAGES))
STRENGTH = st.floats(0, 1)
SEED = st.integers(0, 2**32)
EXAMPLES = {code: SENTENCES[language.script] for code, language in LANGUAGES.items()}

QUESTION = {
    "id": "q1",
    "language": "th",
    "question": "หนังสืออยู่ที่ไหน",
    "context": "หนังสือเล่มนี้วางอยู่บนโต๊ะตั้งแต่เมื่อวานนี้ และโต๊ะอยู่ในครัว",
    "answer_texts": ["บนโต๊ะ", "โต๊ะ", "ครัว"],
    "answer_starts": [21, 23, 59],
}


def noisy(text: str, language: str, strength: float, seed: int = 0) -> str:
    return NOISE.apply(text, languages.get(language), strength, random.Random(seed))


def is_letter(cluster: str) -> bool:
    return bool(regex.match(r"[\p{L}\p{Mc}]", cluster))


def assert_answers_fit(row: dict[str, Any]) -> None:
    for start, text in zip(row["answer_starts"], row["answer_texts"], strict=True):
        assert row["context"][start : start + len(text)] == text


def test_covers_every_language_of_the_benchmarks() -> None:
    assert {language.script for language in LANGUAGES.values()} == set(SENTENCES) == NOISE.scripts
    assert all(NOISE.check(code).code == code for code in LANGUAGES)


def test_an_undeclared_script_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES, "hy", Language("hy", "Armenian", "Armn", "Indo-European: Armenian"))
    with pytest.raises(ConfigError, match=r"'char_noise' is not defined for Armenian \(hy\), script Armn"):
        perturb_row("retrieval", {"id": "1", "text": "գիրք", "english": "book"}, NOISE, 0.1, "hy", 0)


def test_unknown_name_and_strength_out_of_range() -> None:
    with pytest.raises(ConfigError, match=r"unknown perturbation 'char_nose'; did you mean char_noise"):
        perturbations.get("char_nose")
    with pytest.raises(ConfigError, match=r"strength is 1\.5; it must lie between 0 and 1"):
        perturb_row("retrieval", {"id": "1", "text": "book", "english": "book"}, NOISE, 1.5, "en", 0)


@settings(max_examples=50)
@given(st.text(), LANGUAGE, STRENGTH, SEED)
def test_any_text_same_noise_every_time_and_none_at_zero(text: str, language: str, strength: float, seed: int) -> None:
    result = noisy(text, language, strength, seed)
    assert result == noisy(text, language, strength, seed)
    assert noisy(text, language, 0, seed) == text
    assert len(result.split()) == len(text.split())


def test_char_noise_is_the_one_that_published_results_used() -> None:
    digest = hashlib.sha256()
    for language, text in sorted(EXAMPLES.items()):
        for strength in (0.1, 0.5, 1.0):
            generator = seeds.rng("golden", language, strength)
            digest.update(NOISE.apply(text * 3, languages.get(language), strength, generator).encode())
    assert digest.hexdigest() == "c4aa7c691d1e480bd62523301ae5c23a998760d71fbf8d4d82c5be5d2a70532f"


@given(LANGUAGE, STRENGTH, SEED)
def test_only_letters_change_and_words_stay(language: str, strength: float, seed: int) -> None:
    text = EXAMPLES[language]
    result = noisy(text, language, strength, seed)
    kept = [cluster for cluster in clusters(text) if not is_letter(cluster)]
    assert [cluster for cluster in clusters(result) if not is_letter(cluster)] == kept
    assert len(result.split()) == len(text.split())


@given(LANGUAGE, STRENGTH, SEED)
def test_no_mark_loses_its_letter(language: str, strength: float, seed: int) -> None:
    text = EXAMPLES[language]
    loose = {cluster[0] for cluster in clusters(text) if regex.match(r"\p{M}", cluster)}
    result = noisy(text, language, strength, seed)
    assert {cluster[0] for cluster in clusters(result) if regex.match(r"\p{M}", cluster)} <= loose


@given(LANGUAGE, STRENGTH, STRENGTH, SEED)
def test_noise_is_nested(language: str, one: float, other: float, seed: int) -> None:
    """Letters standing alone show each hit by itself: what weak noise did, strong noise does too."""
    text = " ".join(cluster for cluster in clusters(EXAMPLES[language]) if cluster.isalpha())
    weak, strong = sorted((one, other))
    triples = zip(text.split(), *(noisy(text, language, s, seed).split() for s in (weak, strong)), strict=True)
    assert all(less in (original, more) for original, less, more in triples)


@pytest.mark.parametrize("language", {language.script: code for code, language in LANGUAGES.items()}.values())
def test_realised_rate_follows_the_strength(language: str) -> None:
    """A hit is one edit, a swap two; in a few words neighbouring hits cancel."""
    text = " ".join([EXAMPLES[language]] * 300)
    share = sum(map(is_letter, clusters(text))) / len(clusters(text))
    assert 0.9 < edit_rate(text, noisy(text, language, 0.1)) / (0.1 * share) < 1.3


def test_substitutes_come_from_the_script_of_the_letter() -> None:
    """A Latin name in a Japanese sentence gets Latin letters."""
    words = "Tokyo 東京 とうきょう トーキョー"
    for seed in range(100):
        found = noisy(words, "ja", 1, seed)
        assert regex.fullmatch(r"\p{Latin}+ \p{Han}+ \p{Hiragana}+ [\p{Katakana}ー]+", found), found


def test_substitutes_keep_the_case() -> None:
    assert all(noisy("ÉTÉ", "fr", 1, seed).isupper() for seed in range(20))


def test_edit_rate_counts_clusters() -> None:
    assert edit_rate("नमस्ते", "नमस्ते") == 0
    assert edit_rate("e\u0301te\u0301", "e\u0301te\u0301e\u0301") == pytest.approx(1 / 3)
    assert edit_rate("", "x") == 0


@given(STRENGTH, SEED)
def test_answers_stay_where_the_offsets_say(strength: float, seed: int) -> None:
    row, _, units = perturb_row("span_qa", QUESTION, NOISE, strength, "th", seed)
    assert_answers_fit(row)
    assert row["answer_texts"] == QUESTION["answer_texts"]
    assert units == len(clusters(QUESTION["question"])) + len(clusters(QUESTION["context"]))


def test_an_answer_that_ends_inside_a_cluster_and_one_at_either_end() -> None:
    row = QUESTION | {"context": "ที่นี่", "answer_texts": ["ที", "ที่นี่"], "answer_starts": [0, 0]}
    assert perturb_row("span_qa", row, NOISE, 1, "th", 0)[0]["context"] == row["context"]


def test_a_misplaced_answer_is_refused() -> None:
    with pytest.raises(DataError, match="row 'q1': the answer 'ครัว' is not at offset 3"):
        perturb_row("span_qa", QUESTION | {"answer_texts": ["ครัว"], "answer_starts": [3]}, NOISE, 0.1, "th", 0)


def test_an_unanswerable_question_is_perturbed_throughout() -> None:
    row = QUESTION | {"answer_texts": [], "answer_starts": []}
    assert perturb_row("span_qa", row, NOISE, 1, "th", 0)[0]["context"] != row["context"]


@given(LANGUAGE, STRENGTH, SEED)
def test_tokens_keep_their_tags(language: str, strength: float, seed: int) -> None:
    tokens = [*EXAMPLES[language].split(), "10 000", "!"]
    row = {"id": "1", "language": language, "tokens": tokens, "tags": ["X"] * len(tokens)}
    result, _, _ = perturb_row("tagging", row, NOISE, strength, language, seed)
    assert result["tags"] == row["tags"]
    assert [len(token.split()) for token in result["tokens"]] == [len(token.split()) for token in tokens]


def test_choices_stay_distinct() -> None:
    def merge(text: str, language: Language, strength: float, generator: random.Random) -> str:
        return text[0] if strength else text

    rows = {"id": "1", "prompt": "which one", "choices": ["ab", "ac", "a", "b"], "label": 0}
    merging = Perturbation("merge", frozenset({"Latn"}), "keeps the first letter", "none", merge)
    result, edits, units = perturb_row("multiple_choice", rows, merging, 1, "en", 0)
    assert result == {"id": "1", "prompt": "w", "choices": ["ab", "ac", "a", "b"], "label": 0}
    assert (edits, units) == (8, 9 + 6)


def test_only_the_other_language_s_side_of_a_pair_changes() -> None:
    row = {"id": "1", "language": "de", "text": "Das Buch liegt hier.", "english": "The book lies here."}
    result, _, _ = perturb_row("retrieval", row, NOISE, 1, "de", 0)
    assert result["english"] == row["english"] and result["text"] != row["text"]


def test_noise_depends_on_the_example_and_the_seed_but_not_on_other_rows() -> None:
    row = {"id": "1", "text_a": "The book lies on the table.", "text_b": "The book lies on the table.", "label": "a"}
    first, _, _ = perturb_row("classification", row, NOISE, 0.5, "en", 0)
    assert first["text_a"] != first["text_b"]
    assert perturb_row("classification", row | {"id": "2"}, NOISE, 0.5, "en", 0)[0]["text_a"] != first["text_a"]
    assert perturb_row("classification", row, NOISE, 0.5, "en", 1)[0]["text_a"] != first["text_a"]
    assert perturb_row("classification", row, NOISE, 0.5, "en", 0)[0] == first


def recipe(strength: float, **changes: Any) -> dict[str, Any]:
    plain = {"perturbations": {"char_noise": {"weight": 1.0, "version": 1}}, "options": {}, "languages": None}
    return plain | {"strength": strength, "seed": 7} | changes


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    folder = tmp_path / "prepared"
    folder.mkdir()
    for name, language in (("test-de", "de"), ("test-zh", "zh"), ("train-de", "de")):
        rows = [
            {"id": str(i), "language": language, "text": EXAMPLES[language], "english": "A book."} for i in range(50)
        ]
        schema = arrow_schema("retrieval")
        with pa.OSFile(str(folder / f"{name}.arrow"), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    manifest = {"task": "tatoeba", "task_version": 1, "type": "retrieval", "labels": [], "licence": "", "citation": ""}
    splits = {name: {"rows": 50} for name in ("test-de", "test-zh", "train-de")}
    write_json(folder / "manifest.json", manifest | {"splits": splits, "files": file_table(folder)})
    return folder


def test_a_perturbed_copy_has_the_layout_of_prepared_data(prepared: Path, tmp_path: Path) -> None:
    manifest = perturb(prepared, tmp_path / "noisy", recipe(0.1))
    assert verify(tmp_path / "noisy") == manifest
    assert list(manifest["files"]) == ["test-de.arrow", "test-zh.arrow"]
    assert all(0.05 < rate < 0.15 for rate in manifest["edit_rate"].values())
    before, after = (load_rows(folder, "test", "zh") for folder in (prepared, tmp_path / "noisy"))
    assert [row["id"] for row in after] == [row["id"] for row in before]
    assert {row["english"] for row in after} == {"A book."} and len({row["text"] for row in after}) > 25
    assert perturb(prepared, tmp_path / "again", recipe(0.1)) == manifest
    assert perturb(prepared, tmp_path / "none", recipe(0))["edit_rate"] == {"de": 0, "zh": 0}


def test_a_damaged_input_leaves_nothing_behind(prepared: Path, tmp_path: Path) -> None:
    file = prepared / "test-de.arrow"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(XstiltsError, match="corrupt"):
        perturb(prepared, tmp_path / "noisy", recipe(0.1))
    assert list(tmp_path.iterdir()) == [prepared]


@pytest.mark.mirror
@pytest.mark.parametrize(("task", "split"), [("xnli", "test"), ("udpos", "test"), ("xquad", "test"), ("panx", "test")])
def test_real_rows_keep_their_labels(task: str, split: str) -> None:
    root = os.environ.get("XSTILTS_DATA_DIR")
    if root is None:
        pytest.skip("XSTILTS_DATA_DIR is not set")
    found = tasks.get(task)
    for language in found.languages[split]:
        edits = units = 0
        for row in islice(found.read(Path(root), split, language), 20):
            result, changed, seen = perturb_row(found.type, row, NOISE, 0.1, language, 0)
            edits, units = edits + changed, units + seen
            if found.type == "span_qa":
                assert_answers_fit(result)
            elif found.type == "tagging":
                assert len(result["tokens"]) == len(result["tags"]) and all(result["tokens"])
            assert {key for key in row if row[key] != result[key]} <= {*TASK_TYPES[found.type]} - {"label", "tags"}
        assert 0.03 < edits / units < 0.15, language
