"""The table of languages."""

import pytest

from xstilts import languages
from xstilts.errors import ConfigError

# The 40 languages of XTREME (Hu et al. 2020) and the ten that XTREME-R (Ruder et al. 2021) adds.
XTREME = (
    "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw ta te th tl tr ur vi"
    " yo zh"
)
ADDED = "az gu ht lt pa pl qu ro uk wo"


def test_holds_every_language_of_both_benchmarks() -> None:
    assert set(languages.LANGUAGES) == {*XTREME.split(), *ADDED.split()}
    assert len(languages.LANGUAGES) == 50
    assert all(code == language.code for code, language in languages.LANGUAGES.items())


def test_table_is_in_order_of_code() -> None:
    assert list(languages.LANGUAGES) == sorted(languages.LANGUAGES)


@pytest.mark.parametrize(
    ("code", "script"),
    [("ja", "Jpan"), ("ko", "Kore"), ("kk", "Cyrl"), ("ur", "Arab"), ("pa", "Guru"), ("my", "Mymr"), ("vi", "Latn")],
)
def test_script(code: str, script: str) -> None:
    assert languages.get(code).script == script


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("German", "did you mean de?"),
        ("zh-Hans", "did you mean zh?"),
        ("pt_BR", "did you mean pt?"),
        ("xx", "languages: af "),
    ],
)
def test_unknown_language_is_answered_with_a_suggestion(typed: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=rf"unknown language '{typed}'; .*{hint[:-1]}") as caught:
        languages.get(typed)
    assert "\n" not in str(caught.value)


def test_distance_to_english_counts_classes() -> None:
    far = {"en": 0, "nl": 0, "fr": 1, "ru": 2, "fi": 2, "hi": 2, "th": 3}
    assert {code: languages.get(code).distance_to_english for code in far} == far
