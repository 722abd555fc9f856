"""The miniature world: its lexicon, its rows' labels, and what keeps test apart from training."""

import functools
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xstilts import miniature, tasks
from xstilts.miniature import LANGUAGES, choice, lexicon, nli, paraphrase, qa, realise, sentences
from xstilts.miniature.scene import is_new
from xstilts.tasks.base import TASK_TYPES

NAMES = ("mini_nli", "mini_paraphrase", "mini_pos", "mini_qa", "mini_choice", "mini_bitext")
SCRIPTS = {"ru": "CYRILLIC", "zh": "CJK", "ar": "ARABIC", "th": "THAI", "el": "GREEK"}
CELLS = [
    (task, split, language)
    for task in NAMES
    for split, codes in tasks.get(task).languages.items()
    for language in codes
]


@functools.cache
def rows(task: str, split: str, language: str) -> list[dict[str, Any]]:
    return list(tasks.get(task).read(None, split, language))


@functools.cache
def meanings(task: str, split: str) -> list[tuple[Any, ...]]:
    """The clauses behind each row."""
    count = tasks.get(task).rows[split, "de" if task == "mini_bitext" else "en"]
    match task:
        case "mini_nli":
            return [(p.premise, p.hypothesis) for _, p in nli.pairs(split, count)]
        case "mini_paraphrase":
            return [tuple(sorted((a, b))) for _, (a, b, _) in paraphrase.pairs(split, count)]
        case "mini_qa":
            return [(p.question, *sorted(p.context)) for _, p in qa.problems(split, count)]
        case "mini_choice":
            return [(p.prompt, *sorted(p.choices)) for _, p in choice.problems(split, count)]
        case _:
            return [(clause,) for _, clause in sentences.sentences(task, split, count)]


def text_of(row: dict[str, Any]) -> str:
    return repr([value for key, value in row.items() if key not in ("id", "language")])


def test_the_world_is_large_enough_and_every_cell_is_filled():
    words = lexicon.lexicon()
    assert len(words) > 250
    assert all(
        all(form.strip() == form for form in c.forms[code]) and c.forms[code][0]
        for c in words.values()
        for code in LANGUAGES
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_written_in_the_language_s_script(language: str):
    for word in lexicon.lexicon().values():
        names = {unicodedata.name(ch).split()[0] for ch in word.forms[language][0] if ch.isalpha()}
        if language == "ja":
            assert names <= {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}, word.id
        else:
            assert names == {SCRIPTS.get(language, "LATIN")}, word.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_a_part_of_speech_are_distinct(language: str):
    count = Counter((c.upos, c.forms[language][0]) for c in lexicon.lexicon().values())
    assert [key for key, times in count.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_cells_have_the_fields_that_the_grammar_reads(language: str):
    for c in lexicon.lexicon().values():
        fields = c.forms[language]
        place = c.kind in ("room", "building", "outdoor", "settlement")
        if c.upos == "NOUN" and language in ("de", "es", "fr", "it", "pt", "ru", "ar", "el"):
            assert fields[1] in ("m", "f", "n"), c.id
        if c.upos == "NOUN" and language == "ru":
            assert re.fullmatch(r"(в|на) \S+" if place else r"\S+", fields[2]), c.id
        if c.upos == "NOUN" and language == "tr":
            assert re.search(r"[dt][ae]$" if place else r"[ıiuü]$", fields[1]), c.id
        if c.upos == "VERB" and language in ("en", "ja", "tr"):
            assert len(fields) == 2, c.id
        if c.upos == "VERB" and language == "ar":
            assert fields[0].startswith("ي"), c.id
        if c.upos == "ADJ" and language == "ja":
            assert fields[1] in ("i", "na", "no"), c.id


def test_relations_name_existing_concepts_of_the_same_kind():
    words = lexicon.lexicon()
    for c in words.values():
        if c.antonym:
            opposite = words[c.antonym]
            assert opposite.upos == c.upos
            assert words[opposite.antonym].id in (c.id, c.synonym)
        if c.synonym:
            assert (words[c.synonym].upos, words[c.synonym].kind) == (c.upos, c.kind)
            assert words[c.synonym].synonym == ""
        if c.hypernym:
            assert words[c.hypernym].kind == c.kind
            assert c.id not in lexicon.ancestors(c.id)


def test_held_out_words_are_a_good_part_and_go_with_their_opposites():
    words = lexicon.lexicon().values()
    assert 0.2 < sum(lexicon.is_held_out(c.id) for c in words) / len(words) < 0.4
    for c in words:
        for other in filter(None, (c.antonym, c.synonym)):
            assert lexicon.is_held_out(c.id) == lexicon.is_held_out(other)


@pytest.mark.parametrize(("task", "split", "language"), CELLS)
def test_rows_follow_the_schema_and_are_distinct(task: str, split: str, language: str):
    declared, found = tasks.get(task), rows(task, split, language)
    assert len(found) == declared.rows[split, language]
    assert len({row["id"] for row in found}) == len(found)
    assert len({text_of(row) for row in found}) == len(found)
    assert all(set(row) == {"id", "language", *TASK_TYPES[declared.type]} for row in found)
    assert {row["language"] for row in found} == {language}


@pytest.mark.parametrize("task", NAMES)
def test_test_rows_are_parallel(task: str):
    first, *others = tasks.get(task).languages["test"]
    for language in others:
        for a, b in zip(rows(task, "test", first), rows(task, "test", language), strict=True):
            assert a["id"] == b["id"]
            assert a.get("label") == b.get("label")


@pytest.mark.parametrize("task", NAMES)
def test_nothing_of_test_is_in_training(task: str):
    trained = [m for split in tasks.get(task).languages if split != "test" for m in meanings(task, split)]
    tested = meanings(task, "test")
    assert len(set(trained)) == len(trained), "train and dev share a meaning"
    assert set(trained).isdisjoint(tested)
    used = {c for clauses in trained for clause in clauses for c in clause.concepts}
    shapes = {clause.shape for clauses in trained for clause in clauses}
    for clauses in tested if trained else ():
        assert any(clause.shape not in shapes or not clause.concepts <= used for clause in clauses)


def test_held_out_words_and_shapes_are_only_in_test_rows():
    for task in NAMES[:-1]:
        assert not any(is_new(*clauses) for split in ("train", "dev") for clauses in meanings(task, split))
        assert all(is_new(*clauses) for clauses in meanings(task, "test"))


@pytest.mark.parametrize("split", ["train", "dev", "test"])
@pytest.mark.parametrize("task", ["mini_nli", "mini_paraphrase", "mini_choice"])
def test_labels_are_balanced(task: str, split: str):
    count = Counter(row["label"] for row in rows(task, split, "en"))
    declared = tasks.get(task)
    assert set(count) == (set(declared.labels) or set(range(declared.n_choices)))
    assert max(count.values()) - min(count.values()) <= 1


def naive_bayes_accuracy(train: list[tuple[list[str], str]], test: list[tuple[list[str], str]]) -> float:
    words: dict[str, Counter[str]] = {}
    for text, label in train:
        words.setdefault(label, Counter()).update(text)
    size = len({word for counter in words.values() for word in counter})

    def best(text: list[str]) -> str:
        return max(
            words, key=lambda label: sum(math.log((words[label][w] + 1) / (words[label].total() + size)) for w in text)
        )

    return 100 * sum(best(text) == label for text, label in test) / len(test)


def bag(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.mark.parametrize("split", ["dev", "test"])
def test_the_hypothesis_alone_does_not_give_the_nli_label(split: str):
    train, scored = ([(bag(r["text_b"]), r["label"]) for r in rows("mini_nli", s, "en")] for s in ("train", split))
    assert naive_bayes_accuracy(train, scored) == pytest.approx(100 / 3, abs=5)


def test_bags_of_words_do_not_give_the_paraphrase_label():
    train, scored = (
        [(bag(r["text_a"]) + bag(r["text_b"]), r["label"]) for r in rows("mini_paraphrase", s, "en")]
        for s in ("train", "dev")
    )
    assert naive_bayes_accuracy(train, scored) < 60


def test_the_overlap_of_paraphrases_is_high_with_both_labels():
    overlap: dict[str, list[float]] = {"0": [], "1": []}
    for row in rows("mini_paraphrase", "train", "en"):
        a, b = set(bag(row["text_a"])), set(bag(row["text_b"]))
        overlap[row["label"]].append(len(a & b) / len(a | b))
    means = [sum(values) / len(values) for values in overlap.values()]
    assert min(means) > 0.7
    assert abs(means[0] - means[1]) < 0.05


def test_the_choices_alone_do_not_give_the_right_one():
    counts = {True: Counter(), False: Counter()}
    for row in rows("mini_choice", "train", "en"):
        for index, text in enumerate(row["choices"]):
            counts[index == row["label"]].update(bag(text))

    def odds(text: str) -> float:
        return sum(math.log((counts[True][w] + 1) / (counts[False][w] + 1)) for w in bag(text))

    found = rows("mini_choice", "dev", "en")
    right = sum(max(range(4), key=lambda i: odds(row["choices"][i])) == row["label"] for row in found)
    assert 100 * right / len(found) < 35


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_where_they_are_said_to_be(language: str):
    for row in rows("mini_qa", "test", language):
        (answer,), (start,) = row["answer_texts"], row["answer_starts"]
        assert answer
        assert answer == answer.strip()
        assert row["context"][start : start + len(answer)] == answer


def test_the_answer_is_the_phrase_that_the_question_asks_for():
    for (_, problem), row in zip(qa.problems("test", 200), rows("mini_qa", "test", "en"), strict=True):
        told = problem.context[problem.source]
        asked = getattr(told, qa.ANSWERS[problem.question.shape])
        assert lexicon.concept(asked).forms["en"][0] in row["answer_texts"][0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_four_different_choices(language: str):
    assert all(len(set(row["choices"])) == 4 for row in rows("mini_choice", "test", language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_tag_is_declared_and_every_token_is_a_word(language: str):
    for row in rows("mini_pos", "test", language):
        assert len(row["tokens"]) == len(row["tags"])
        assert set(row["tags"]) <= set(tasks.get("mini_pos").labels)
        assert all(token and not token.isspace() and " " not in token for token in row["tokens"])


def test_every_declared_tag_is_used():
    used = {tag for code in LANGUAGES for row in rows("mini_pos", "test", code) for tag in row["tags"]}
    assert used == set(tasks.get("mini_pos").labels)


@pytest.mark.parametrize("language", tasks.get("mini_bitext").languages["test"])
def test_parallel_sentences_are_distinct_on_both_sides(language: str):
    found = rows("mini_bitext", "test", language)
    assert len(found) == len({r["text"] for r in found}) == len({r["english"] for r in found}) == 300


# --- grammar, by example ---

SENTENCES = {
    "de": "In der Kirche beobachtet das Mädchen den Jungen.",
    "es": "En la iglesia, la niña mira al niño.",
    "fr": "Dans l'église, la fille regarde le garçon.",
    "it": "Nella chiesa, la ragazza guarda il ragazzo.",
    "pt": "Na igreja, a menina olha o menino.",
    "ru": "В церкви девочка рассматривает мальчика.",
    "zh": "在教堂里，女孩看男孩。",
    "ja": "教会で女の子は男の子を見る。",
    "ar": "في الكنيسة تشاهد البنت الولد.",
    "tr": "Kilisede kız oğlanı izliyor.",
    "th": "ในโบสถ์เด็กผู้หญิงดูเด็กผู้ชาย",
    "el": "Στην εκκλησία το κορίτσι κοιτάζει το αγόρι.",
    "en": "In the church, the girl watches the boy.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_reads_as_a_speaker_would_write_it(language: str):
    clause = realise.Clause("front_place", agent="girl", verb="watch", object="boy", place="church")
    assert realise.sentence(clause, language) == SENTENCES[language]


@pytest.mark.parametrize(
    ("language", "clause", "expected"),
    [
        ("fr", realise.Clause("not_action", "friend", "old", "buy", "egg"), "Le vieil ami n'achète pas l'œuf."),
        ("fr", realise.Clause("what", "teacher", verb="buy"), "Qu'achète le professeur ?"),
        ("it", realise.Clause("where", "student", place="office"), "Lo studente è nell'ufficio."),
        ("es", realise.Clause("action", "nurse", verb="drink_v", object="water"), "La enfermera bebe el agua."),
        ("ru", realise.Clause("action", "nurse", verb="watch", object="dog"), "Медсестра рассматривает собаку."),
        ("tr", realise.Clause("sum", addend="two", addend2="three", total="five"), "İki artı üç beş eder."),
        ("ja", realise.Clause("not_quality", "apple", quality="old"), "りんごは古くない。"),
        ("ar", realise.Clause("not_where", "bus", place="school"), "الحافلة ليست في المدرسة."),
        ("el", realise.Clause("action", "king", verb="watch", object="doctor"), "Ο βασιλιάς κοιτάζει τον γιατρό."),
        ("zh", realise.Clause("not_quality", "car", quality="blue"), "汽车不是蓝色。"),
    ],
)
def test_agreement_elision_and_negation(language: str, clause: realise.Clause, expected: str):
    assert realise.sentence(clause, language) == expected


def test_the_same_rows_in_every_process():
    code = (
        "import hashlib, json; from xstilts import miniature, tasks\n"
        f"rows = [list(tasks.get(t).read(None, 'test', 'th')) for t in {NAMES!r}]\n"
        "print(miniature.world_digest(), hashlib.sha256(json.dumps(rows).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    # This process hashes strings with another, random seed.
    here = json.dumps([rows(task, "test", "th") for task in NAMES])
    assert printed.split() == [miniature.world_digest(), hashlib.sha256(here.encode()).hexdigest()]


def test_the_digest_follows_the_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = miniature.world_digest()
    table = tmp_path / "nouns.csv"
    table.write_text("id\n", encoding="utf-8")
    monkeypatch.setattr(miniature, "world_files", lambda: [table])
    assert miniature.world_digest() != before
