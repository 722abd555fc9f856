"""Numbers as the report prints them."""

import math

import pytest

from xstilts.report import words


@pytest.mark.parametrize(
    ("value", "said"),
    [(3.24, "+3.2"), (-0.4, "−0.40"), (0.0, "+0.0"), (0.04, "+0.040"), (-0.0042, "−0.0042"), (0.996, "+1.0")],
)
def test_a_small_effect_is_not_printed_as_none(value: float, said: str) -> None:
    assert words.signed(value) == said


def test_bounds_and_what_could_have_been_seen_have_as_many_digits_as_they_need() -> None:
    assert words.interval(0.0012, 0.00681) == "[0.0012, 0.0068]"
    assert words.interval(-120.63, 53.8) == "[−120.6, 53.8]" and words.interval(math.nan, math.nan) == "—"
    assert words.interval(0.561, 0.642) == "[0.561, 0.642]" and words.interval(-0.081, 1.3) == "[−0.1, 1.3]"
    assert words.interval(-0.001, 0.4) == "[0.00, 0.40]"
    assert words.detectable(0.0052) == "0.0052" and words.detectable(10.62) == "10.6"


def test_an_effect_has_the_digits_of_its_interval() -> None:
    assert "effect −0.153 points of loss avoided [−0.180, −0.131]" in words.verdict(
        answer(effect=-0.153, ci_low=-0.18, ci_high=-0.1312)
    )
    assert "effect −0.2 points of loss avoided [−1.3, 0.9]" in words.verdict(
        answer(effect=-0.153, ci_low=-1.3, ci_high=0.91)
    )
    assert [words.small(p) for p in (0.0004, 0.0126, math.nan)] == ["< 0.001", "0.013", "—"]


def answer(**found: object) -> dict[str, object]:
    row: dict[str, object] = {
        "level": "nli",
        "baseline": "none",
        "contrast": "nli - none",
        "slice": "all",
        "outcome": "drop",
    }
    numbers = {"effect": 0.0, "ci_low": 0.0, "ci_high": 0.0, "p_holm": 1.0, "minimum_detectable": math.nan}
    counts = {"n_languages": 6, "n_seeds": 2, "n_targets": 1, "n_examples": 600, "n_recipes": 1}
    return row | numbers | counts | {"verdict": "inconclusive", "missing": ""} | found


def test_where_nothing_differed_nothing_is_said_of_what_would_have_been_seen() -> None:
    assert "what this design would have seen is not known" in words.verdict(answer())
    assert "missed effects below 2.5." in words.verdict(answer(minimum_detectable=2.5))


def test_an_effect_larger_than_the_scale_is_not_told_as_one_that_could_have_been_found() -> None:
    assert words.verdict(answer(minimum_detectable=227.0)).endswith("could hardly have found any effect; add seeds.")
    of_measure = {"outcome": "alignment", "minimum_detectable": 227.0}
    assert words.verdict(answer(measure="p_at_1_to_english", **of_measure)).endswith("found any effect; add seeds.")
    assert words.verdict(answer(measure="margin", **of_measure)).endswith("missed effects below 227.0.")


def test_where_no_effect_could_be_found_it_says_what_is_too_few() -> None:
    assert "So few languages cannot show an effect" in words.verdict(answer(minimum_detectable=math.inf))
    assert words.verdict(answer(minimum_detectable=math.inf, n_seeds=1)).endswith("cannot show an effect; add seeds.")
    recipes = answer(baseline="", contrast="spearman(difficulty.pvi, loss avoided)", minimum_detectable=math.inf)
    assert "So few recipes cannot" in words.verdict(recipes)
    assert words.detectable(math.inf) == "none"


def test_a_correlation_names_the_number_whose_more_is_better() -> None:
    row = answer(level="difficulty.dev_error", baseline="", contrast="spearman(difficulty.dev_error, loss avoided)")
    assert words.name(row) == "Spearman's rho of difficulty.dev_error and loss avoided"
