"""Every kind of perturbation in every language it is declared for, and what each promises."""

import random
import unicodedata
from itertools import pairwise

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from test_perturbations import EXAMPLES, assert_answers_fit

from xstilts import languages, perturbations
from xstilts.errors import ConfigError, DataError
from xstilts.languages import LANGUAGES
from xstilts.perturbations import Perturbation
from xstilts.perturbations._keyboards import layouts, neighbours
from xstilts.perturbations.base import clusters, edit_rate
from xstilts.perturbations.rows import perturb_row

KINDS = {name: found for name, found in perturbations.registry().items() if name not in ("code_switch", "natural")}
PAIRS = [(n, code) for n, found in KINDS.items() for code in LANGUAGES if found.defined_for(languages.get(code))]
PAIR = st.sampled_from(PAIRS)
SEED = st.integers(0, 2**32)
STRENGTH = st.floats(0, 1)
# What the examples of some scripts lack: composed letters, diacritics, words of four clusters.
MORE = {
    "Beng": "লোকটি বড় চাঁদ আঁকে।",
    "Cyrl": "Мой чай ещё идёт.",
    "Deva": "हमारा परिवार \u0958लम लाया, क\u0931ून।",
    "Gujr": "ચાંદ રંગીન છે.",
    "Guru": "ਸਾਡਾ ਪਰਿਵਾਰ ਘਰ ਹੈ।",
    "Mlym": "കൊച്ചുകുട്ടി പോയി.",
    "Taml": "பொருள் போதும்.",
    "Telu": "పుస్తకాలయం పై పరివారం ఉంది.",
}
# Letters under the Thai vowel am, which is a letter to Unicode and a mark to clusters.
AM = {letter + "ำ" for letter in map(chr, range(0x0E01, 0x0E47))}
XTREME = [
    "af",
    "ar",
    "bg",
    "bn",
    "de",
    "el",
    "en",
    "es",
    "et",
    "eu",
    "fa",
    "fi",
    "fr",
    "he",
    "hi",
    "hu",
    "id",
    "it",
    "ja",
    "jv",
    "ka",
    "kk",
    "ko",
    "ml",
    "mr",
    "ms",
    "my",
    "nl",
    "pt",
    "ru",
    "sw",
    "ta",
    "te",
    "th",
    "tl",
    "tr",
    "ur",
    "vi",
    "yo",
    "zh",
]


def applied(kind: Perturbation | str, text: str, language: str, strength: float, seed: int = 0) -> str:
    found = KINDS[kind] if isinstance(kind, str) else kind
    return found.apply(text, languages.get(language), strength, random.Random(seed))


def bare_marks(text: str) -> set[str]:
    return {cluster[0] for cluster in clusters(text) if regex.match(r"\p{M}", cluster)}


def test_every_language_of_xtreme_has_most_kinds() -> None:
    everywhere = {name for name in KINDS if all((name, code) in PAIRS for code in XTREME)}
    assert everywhere == {
        *("char_delete", "char_insert", "char_noise", "char_repeat", "char_substitute", "char_swap"),
        *("invisible", "ocr", "scramble_full", "scramble_middle", "scramble_swap", "whitespace"),
    }


@settings(max_examples=200, deadline=None)
@given(PAIR, STRENGTH, SEED)
def test_same_seed_same_text_nothing_at_zero_and_no_cluster_broken(
    pair: tuple[str, str], strength: float, seed: int
) -> None:
    kind, language = pair
    text = EXAMPLES[language]
    result = applied(kind, text, language, strength, seed)
    assert result == applied(kind, text, language, strength, seed)
    assert applied(kind, text, language, 0, seed) == text
    assert bare_marks(result) <= bare_marks(text)


@settings(max_examples=100, deadline=None)
@given(PAIR, st.text(max_size=40), STRENGTH, SEED)
def test_any_text_at_all_is_taken(pair: tuple[str, str], text: str, strength: float, seed: int) -> None:
    kind, language = pair
    applied(kind, text, language, strength, seed).encode()
    assert applied(kind, text, language, 0, seed) == text


@pytest.mark.parametrize(("kind", "language"), [pair for pair in PAIRS if KINDS[pair[0]].edits])
def test_realised_rate_follows_the_strength(kind: str, language: str) -> None:
    """Per cluster: share of the clusters that could be hit; per word: share of the words."""
    text = " ".join([EXAMPLES[language], MORE.get(languages.get(language).script, "")] * 120)
    units = clusters(text)
    edits = KINDS[kind].edits
    assert edits is not None
    spans = edits.sites(units, languages.get(language))
    assert spans, "the sentences have nothing for it to strike"
    result = applied(kind, text, language, 0.1)
    if KINDS[kind].unit == "cluster":
        expected = 0.1 * len({index for start, stop in spans for index in range(start, stop)})
        realised = edit_rate(text, result) * len(units)
        assert abs(realised / expected - 1) < 0.25 + 4 / expected**0.5
    else:
        longest = max(stop - start for start, stop in spans)
        assert 0 < edit_rate(text, result) < 0.2 * longest * len(spans) / len(units)


@pytest.mark.parametrize("kind", [name for name, found in KINDS.items() if found.edits])
@given(SEED, STRENGTH, STRENGTH)
@settings(max_examples=15, deadline=None)
def test_a_stronger_copy_holds_the_weaker_ones_edits(kind: str, seed: int, one: float, other: float) -> None:
    language = next(code for name, code in PAIRS if name == kind)
    text = " ".join(["Őéçil"] * 6 if languages.get(language).script == "Latn" else EXAMPLES[language].split())
    weak, strong = sorted((one, other))
    less, more = (applied(kind, text, language, strength, seed) for strength in (weak, strong))
    if weak == strong or less == text:
        return
    assert edit_rate(text, more) >= edit_rate(text, less) * 0.5  # shuffles may cancel, but what was hit stays hit
    assert more != text


@settings(max_examples=100, deadline=None)
@given(PAIR, STRENGTH, SEED)
def test_tags_stay_aligned_and_answers_stay_in_place(pair: tuple[str, str], strength: float, seed: int) -> None:
    kind, language = pair
    found = KINDS[kind]
    tokens = [*EXAMPLES[language].split(), "10", "."]
    if "tagging" in found.task_types:
        row = {"id": "1", "language": language, "tokens": tokens, "tags": [str(i) for i in range(len(tokens))]}
        result, _, _ = perturb_row("tagging", row, found, strength, language, seed)
        assert result["tags"] == row["tags"]
        assert all(len(token.split()) == 1 for token in result["tokens"])
    context = EXAMPLES[language]
    bounds = [len("".join(clusters(context)[:place])) for place in (3, 5, 8)]
    spans = list(pairwise(bounds))
    row = {
        **{"id": "1", "language": language, "question": context, "context": context},
        "answer_texts": [context[start:end] for start, end in spans],
        "answer_starts": [start for start, _ in spans],
    }
    result, _, _ = perturb_row("span_qa", row, found, strength, language, seed)
    assert result["answer_texts"] == row["answer_texts"]
    assert_answers_fit(result)
    choices = {"id": "1", "language": language, "prompt": context, "choices": [*tokens, context], "label": 0}
    if len(set(choices["choices"])) == len(choices["choices"]):
        result, _, _ = perturb_row("multiple_choice", choices, found, strength, language, seed)
        assert len(set(result["choices"])) == len(choices["choices"])


def test_white_space_is_refused_where_it_would_break_the_tags() -> None:
    row = {"id": "1", "language": "en", "tokens": ["a", "book"], "tags": ["DET", "NOUN"]}
    with pytest.raises(ConfigError, match="'whitespace' is not defined for tagging tasks"):
        perturb_row("tagging", row, KINDS["whitespace"], 0.1, "en", 0)


@pytest.mark.parametrize(
    ("kind", "language", "text", "results"),
    [
        ("case", "tr", "iIıİ", {"İıIi"}),
        ("case", "el", "Ναι", {"νΑΙ"}),
        ("char_delete", "en", "a b", {"a b"}),
        ("char_noise", "th", "ทำ", AM | {"ทำ" + letter[0] for letter in AM} | {"ทำทำ"}),
        ("char_repeat", "th", "ก็", {"ก็ก็"}),
        ("char_substitute", "th", "ทำ", AM),
        ("char_swap", "en", "ab", {"ba", "ab"}),
        ("diacritics_drop", "vi", "Đường", {"Duong"}),
        ("diacritics_drop", "hi", "ज़", {"ज"}),
        ("diacritics_drop", "ja", "パ", {"ハ"}),
        ("diacritics_drop", "ar", "أ", {"ا"}),
        ("diacritics_add", "th", "กำ", {"ก่ำ", "ก้ำ"}),
        ("homoglyph", "en", "o", {"о"}),
        ("homoglyph", "th", "แม่", {"เเม่"}),
        ("homoglyph", "zh", "日", {"⽇"}),
        ("keyboard", "fr", "A", {"Q", "Z", "É"}),
        ("keyboard", "de", "Ü", set("PÖÄ")),
        ("keyboard", "th", "ทำ", AM),
        ("keyboard", "ko", "ㄱ", {"ㄱ"}),
        ("keyboard", "ko", "나", set("마아자다카타너니냐내느")),
        ("leet", "en", "E", {"3"}),
        ("normal_form", "ko", "한", {unicodedata.normalize("NFD", "한")}),
        ("ocr", "en", "rn", {"m", "tn", "fn", "rm", "tm", "fm"}),
        ("ocr", "th", "ดำ", AM),
        ("scramble_full", "en", "ab", {"ba"}),
        ("scramble_middle", "en", "abcd", {"acbd"}),
        ("scramble_swap", "ar", "كتاب", {"كاتب"}),
        ("whitespace", "en", "a b", {"ab"}),
        ("whitespace", "zh", "你好", {"你 好"}),
    ],
)
def test_what_each_kind_does(kind: str, language: str, text: str, results: set[str]) -> None:
    found = {applied(kind, text, language, 1, seed) for seed in range(40)}
    assert found <= results | {text}
    assert found & results


def test_keyboards_follow_the_national_layouts() -> None:
    assert neighbours("en")["s"] == "adwezx"
    assert set(neighbours("de")["t"]) == set("rzfg56") - set("56")
    assert set(neighbours("ru")["к"]) == set("уеав")
    assert set(neighbours("el")["σ"]) == set("αδςεζχ")
    assert set(neighbours("hi")["क"]) >= set("रत")
    for language in layouts():
        for letter, near in neighbours(language).items():
            assert letter not in near
            assert all(letter in neighbours(language)[other] for other in near), (language, letter)


def test_a_slip_writes_one_other_letter() -> None:
    """Capitals too: that of German ß is two letters, and that of Greek final sigma is sigma's own."""
    for language in layouts():
        forms = {form for small in neighbours(language) for form in (small, small.upper())}
        for letter in (form for form in forms if len(form) == 1):
            written = {applied("keyboard", letter, language, 1, seed) for seed in range(20)}
            hit = written - {letter}
            assert not hit or (letter not in written and all(len(text) == 1 for text in hit)), (language, letter)


def test_scrambles_keep_the_letters_of_a_word() -> None:
    for kind in ("scramble_full", "scramble_middle", "scramble_swap"):
        for code, text in EXAMPLES.items():
            assert sorted(applied(kind, text, code, 1)) == sorted(text)


def test_a_mixture_strikes_with_its_parts_by_weight() -> None:
    mixed = perturbations.configured({"case": 3, "leet": 1})
    text = "tea boils " * 2000
    result = applied(mixed, text, "en", 0.2)
    upper, signs = (sum(map(test, result)) for test in (str.isupper, str.isdigit))
    assert 0.9 < upper / (len(text) * 0.8 * 0.2 * 0.75) < 1.1
    assert 0.05 < signs / upper < 0.5
    assert applied(mixed, text, "en", 0) == text
    with pytest.raises(ConfigError, match="'case' is not defined for Thai"):
        mixed.check("th")
    with pytest.raises(ConfigError, match="'char_noise' is a mixture itself"):
        perturbations.configured({"case": 1, "char_noise": 1})


def test_options_are_checked() -> None:
    nfkc = perturbations.configured({"normal_form": 1}, {"form": "NFKC"})
    assert applied(nfkc, "１２ｋ", "ja", 1) == "12k"
    for options, words in [
        ({"from": "NFC"}, "unknown option 'from' of normal_form; did you mean form"),
        ({"form": "NFX"}, "option form of normal_form is 'NFX'; did you mean"),
    ]:
        with pytest.raises(ConfigError, match=words):
            perturbations.configured({"normal_form": 1}, options)
    with pytest.raises(ConfigError, match="'code_switch' needs option 'language'"):
        perturbations.configured({"code_switch": 1})


def test_natural_errors_of_words_with_apostrophes_and_hyphens(tmp_path) -> None:
    table = tmp_path / "en.txt"
    table.write_text("don't dont\nco-operate cooperate\noperate opperate\nisn’t isnt\n", encoding="utf-8")
    natural = perturbations.configured({"natural": 1}, {"files": {"en": str(table)}})
    result = applied(natural, "Don't co-operate, operate! I don’t, it isn't.", "en", 1)
    assert result == "Dont cooperate, opperate! I dont, it isnt."


def test_natural_errors_come_from_the_users_table(tmp_path) -> None:
    table = tmp_path / "en.txt"
    table.write_text("their thier there\nbook boook\n", encoding="utf-8")
    natural = perturbations.configured({"natural": 1}, {"files": {"en": str(table)}})
    found = {applied(natural, "Their book stays.", "en", 1, seed) for seed in range(20)}
    assert found == {"Thier boook stays.", "There boook stays."}
    with pytest.raises(ConfigError, match=r"'natural' is not defined for German \(de\), only for en"):
        natural.check("de")
    table.write_text("their\n", encoding="utf-8")
    from xstilts.perturbations.natural import table as read

    read.cache_clear()
    with pytest.raises(DataError, match=r"en\.txt:1: 'their' has no misspelling"):
        applied(natural, "their", "en", 1)
