"""Lexicons learned from sentence pairs, and the code-switching that they drive."""

import os
import random
from pathlib import Path

import pytest

from xstilts import languages, perturbations, tasks
from xstilts.data.fetch import write_source
from xstilts.data.lexicon import make_lexicon
from xstilts.errors import ConfigError, DataError
from xstilts.miniature.lexicon import lexicon
from xstilts.perturbations.base import clusters
from xstilts.perturbations.lexicon import dictionary, learn, stretches
from xstilts.perturbations.rows import perturb_row

TASK = tasks.get("mini_bitext")
LANGUAGES = ("de", "th", "zh")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Lexicons of four languages learned from the miniature's sentence pairs."""
    folder = tmp_path_factory.mktemp("lexicon")
    source = folder / "source.json"
    write_source(TASK, None, source, [("test", language) for language in LANGUAGES])
    for language in LANGUAGES:
        make_lexicon(TASK, source, language, folder / f"{language}.tsv")
    return folder


def switching(folder, language):
    options = {"language": language, "parallel": "mini_bitext"}
    return perturbations.configured({"code_switch": 1}, options, {"lexicon": str(folder)})


@pytest.mark.parametrize(("language", "precision"), [("de", 0.95), ("zh", 0.95), ("th", 0.85)])
def test_most_learned_pairs_are_translations(folder, language, precision):
    true = {}
    for concept in lexicon().values():
        for english in concept.forms["en"]:
            true.setdefault(english.lower(), []).extend(form.lower() for form in concept.forms[language])
    found = dictionary(str(folder), "en", language)
    judged = [(word.lower(), true[english]) for english, word in found.items() if english in true]
    right = sum(any(word in form or form in word for form in forms) for word, forms in judged)
    assert len(judged) > 100
    assert right / len(judged) >= precision


def test_words_become_counterparts_and_keep_their_capital(folder):
    found = switching(folder, "de").apply("Dog and cat, DOG!", languages.get("en"), 1, random.Random(0))
    assert found == "Hund und Katze, Hund!"


def test_other_languages_go_through_english(folder):
    assert dictionary(str(folder), "de", "zh")["hund"] == "狗"
    assert switching(folder, "zh").apply("Hund", languages.get("de"), 1, random.Random(0)) == "狗"


def test_words_are_found_in_text_without_spaces(folder):
    result = switching(folder, "en").apply("狗和猫", languages.get("zh"), 1, random.Random(0))
    assert "dog" in result and "cat" in result


def written(folder, **counterparts):
    """Lexicons of these languages: English words to their counterparts."""
    for language, pairs in counterparts.items():
        lines = [f"{english}\t{word}\t1\t9" for english, word in pairs.items()]
        (folder / f"{language}.tsv").write_text("\n".join(["english\tword\tscore\tcount", *lines, ""]))
    return folder


def test_negation_is_learned_as_not_and_nothing_as_what_an_apostrophe_leaves():
    pairs = [
        *(
            ("I don't know.", "Ich weiß nicht."),
            ("I know it.", "Ich weiß es."),
            ("Tom isn’t here.", "Tom ist nicht hier."),
        ),
        *(
            ("We can't sleep.", "Wir schlafen nicht."),
            ("She's here.", "Sie ist hier."),
            ("It 's here.", "Es ist hier."),
        ),
        *(
            ("We did n't sleep.", "Wir schliefen nicht."),
            ("We'll sleep.", "Wir schlafen."),
            ("I'm Tom.", "Ich bin Tom."),
        ),
    ]
    found = {entry.english.lower(): entry.word for entry in learn(pairs * 2, languages.get("de"))}
    assert found["not"] == "nicht"
    assert not found.keys() & {"don", "isn", "can", "n't", "t", "s", "ll", "m"}


@pytest.mark.parametrize("text", ["I don't know, she's here.", "I don’t know, she’s here."])
def test_an_english_word_is_never_cut_at_its_apostrophe(tmp_path, text):
    folder = written(tmp_path, de={"I": "ich", "don": "Don", "t": "nicht", "know": "weiß", "s": "es", "she": "sie"})
    result = switching(folder, "de").apply(text, languages.get("en"), 1, random.Random(0))
    assert result == text.replace("I ", "Ich ").replace("know", "weiß")


def test_what_tagging_cuts_off_a_word_is_none_of_its_own(tmp_path):
    folder = written(tmp_path, de={"do": "tun", "t": "nicht", "n't": "nicht", "s": "es", "she": "sie"})
    row = {"id": "1", "language": "en", "tokens": ["do", "n't", "she", "'s"], "tags": ["AUX", "PART", "PRON", "AUX"]}
    result, _, _ = perturb_row("tagging", row, switching(folder, "de"), 1, "en", 0)
    assert result["tokens"] == ["tun", "n't", "sie", "'s"]


WORDS = [
    ("fr", "Aujourd'hui l'eau, qu’il voit quelqu’un, d'", ["Aujourd'hui", "eau", "il", "voit", "quelqu’un"]),
    ("it", "un po' dell'acqua c'è dov’è", ["un", "acqua", "è", "dov’è"]),
    ("tr", "Mary'nin evi İstanbul’da", ["Mary", "evi", "İstanbul"]),
    ("nl", "'s avonds foto's 'huis'", ["avonds", "foto's", "huis"]),
    ("uk", "п'ять мʼясо", ["п'ять", "мʼясо"]),
    ("zh", "我是Tom's朋友", ["我是", "Tom's", "朋友"]),
]


@pytest.mark.parametrize(("language", "text", "expected"), WORDS, ids=[case[0] for case in WORDS])
def test_words_are_whole_at_their_apostrophes(language, text, expected):
    units = clusters(text)
    assert ["".join(units[a:b]) for a, b, _ in stretches(units, languages.get(language))] == expected


def test_a_word_is_never_switched_in_part_at_its_apostrophe(tmp_path):
    folder = written(tmp_path, fr={"water": "eau", "today": "aujourd", "one": "un", "someone": "quelqu", "the": "l"})
    text = "Aujourd'hui quelqu'un a de l'eau."
    found = switching(folder, "en").apply(text, languages.get("fr"), 1, random.Random(0))
    assert found == "Aujourd'hui quelqu'un a de l'water."


def test_what_elision_leaves_is_not_learned():
    pairs = [
        *(("The water today", "L'eau aujourd'hui"), ("The child sleeps", "L'enfant dort")),
        *(("Someone sleeps today", "Quelqu'un dort aujourd’hui"), ("The friend", "L’ami")),
    ]
    found = {entry.english.lower(): entry.word for entry in learn(pairs * 2, languages.get("fr"))}
    assert found["today"] == "aujourd'hui" and found["someone"] == "Quelqu'un" and found["water"] == "eau"
    assert "L" not in found.values()


@pytest.mark.mirror
@pytest.mark.parametrize(("language", "negation"), [("de", "nicht"), ("fr", "pas"), ("ru", "не"), ("zh", "不")])
def test_not_is_learned_from_real_pairs(language, negation):
    root = os.environ.get("XSTILTS_DATA_DIR")
    if root is None:
        pytest.skip("XSTILTS_DATA_DIR is not set")
    rows = tasks.get("tatoeba").read(Path(root), "test", language)
    found = {
        entry.english: entry.word for entry in learn(((r["english"], r["text"]) for r in rows), languages.get(language))
    }
    assert found["not"] == negation
    assert not found.keys() & {"d", "ll", "m", "re", "s", "t", "ve"}


def test_a_word_written_alike_in_both_languages_stays(tmp_path):
    folder = written(tmp_path, zh={"student": "学生", "like": "喜欢", "dog": "狗"}, ja={"student": "学生", "dog": "犬"})
    result = switching(folder, "ja").apply("学生喜欢狗。", languages.get("zh"), 1, random.Random(0))
    assert result == "学生喜欢犬。"


def test_words_put_into_text_without_spaces_stand_apart(tmp_path):
    folder = written(tmp_path, zh={"I": "我", "know": "知道", "student": "学生"}, ja={"student": "生徒"})
    english, chinese = switching(folder, "en"), languages.get("zh")
    assert english.apply("我不知道我要", chinese, 1, random.Random(0)) == "I 不 know  I 要"
    assert english.apply("3学生。", chinese, 1, random.Random(0)) == "3 student。"
    assert switching(folder, "ja").apply("我学生要", chinese, 1, random.Random(0)) == "我生徒要"
    row = {"id": "1", "language": "zh", "tokens": ["学生", "学生们"], "tags": ["NOUN", "NOUN"]}
    result, _, _ = perturb_row("tagging", row, english, 1, "zh", 0)
    assert result["tokens"] == ["student", "学生们"]


def test_labels_stay_true(folder):
    row = {"id": "1", "language": "en", "tokens": ["a", "dog", "sleeps"], "tags": ["DET", "NOUN", "VERB"]}
    result, edits, _ = perturb_row("tagging", row, switching(folder, "de"), 1, "en", 0)
    assert result["tags"] == row["tags"] and len(result["tokens"]) == 3 and edits
    context = "The dog is in the garden."
    row = {"id": "1", "language": "en", "question": "Where is the dog?", "context": context}
    row |= {"answer_texts": ["the garden"], "answer_starts": [14]}
    result, _, _ = perturb_row("span_qa", row, switching(folder, "de"), 1, "en", 0)
    start = result["answer_starts"][0]
    assert result["context"][start : start + 10] == "the garden" and "Hund" in result["context"]


def test_a_lexicon_does_not_depend_on_the_order_of_the_pairs():
    rows = list(TASK.read(None, "test", "de"))
    pairs = [(row["english"], row["text"]) for row in rows]
    assert learn(pairs, languages.get("de")) == learn(pairs[::-1], languages.get("de"))


def test_what_cannot_be_switched_is_an_error_that_says_so(folder):
    with pytest.raises(ConfigError, match=r"'code_switch' is not defined for German \(de\)"):
        switching(folder, "de").check("de")
    with pytest.raises(ConfigError, match="task mini_bitext has no sentences in 'ko'"):
        switching(folder, "ko")
    with pytest.raises(ConfigError, match="option language of code_switch is 'xx'"):
        switching(folder, "xx")
    with pytest.raises(ConfigError, match="mini_nli has no sentence pairs"):
        perturbations.configured({"code_switch": 1}, {"language": "de", "parallel": "mini_nli"})
    with pytest.raises(DataError, match=r"fr\.tsv: no lexicon for 'fr'"):
        switching(folder, "fr").apply("dog", languages.get("en"), 1, random.Random(0))
