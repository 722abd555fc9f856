"""Numbers and verdicts in words."""

import math
from collections.abc import Mapping
from typing import Any

from xstilts.analysis.measures import registry
from xstilts.questions.answers import FAILED, INCONCLUSIVE, REFUTED, SUPPORTED, UNANSWERED
from xstilts.questions.outcomes import OUTCOMES
from xstilts.questions.slices import ALL

# From one end of a score's scale to the other.
_POINTS = 100.0
# Smaller p are not told apart.
_LEAST = 0.001

VERDICTS = {
    SUPPORTED: "Supported",
    REFUTED: "Refuted",
    INCONCLUSIVE: "Inconclusive",
    UNANSWERED: "Not answered",
}


def number(value: float | None, digits: int = 1) -> str:
    """``52.3``; an em dash where there is no number."""
    return "—" if value is None or not math.isfinite(value) else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int | None = None) -> str:
    """``+3.2``; small effects with two digits that say something: ``−0.40``, ``+0.018``."""
    digits = _digits(value) if digits is None else digits
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")


def difference(value: float) -> str:
    """Signed; an em dash where there is none."""
    return signed(value, 1) if math.isfinite(value) else "—"


def interval(low: float, high: float) -> str:
    """``[1.0, 5.4]``; ``[0.61, 0.65]``."""
    if not math.isfinite(low):
        return "—"
    digits = _precision(high - low)
    return f"[{_rounded(low, digits)}, {_rounded(high, digits)}]"


def p_value(p: float) -> str:
    """``Holm p = 0.012``; ``Holm p < 0.001``; ``p not known`` of a single number."""
    if not math.isfinite(p):
        return "p not known"
    return f"Holm p < {_LEAST}" if p < _LEAST else f"Holm p = {p:.3f}"


def small(p: float) -> str:
    """``0.012``; ``< 0.001``; an em dash where it is not known."""
    return f"< {_LEAST}" if p < _LEAST else number(p, 3)


def count(value: int, one: str) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{value:,} {one}{'s' * (value != 1)}"


def duration(seconds: float) -> str:
    """``42 s``, ``3.5 min``, ``2.1 h``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def unit(row: dict[str, Any]) -> str:
    """What an effect is counted in: nothing for a correlation, the measure's own unit where it has one."""
    return "" if not row["baseline"] else OUTCOMES[row["outcome"]].unit or ""


def outcome(question: Mapping[str, Any]) -> str:
    """``drop``; ``alignment: linear CKA with English in the last layer after intermediate training``."""
    said = str(question["outcome"]).replace("_", " ")
    if not OUTCOMES[question["outcome"]].representations:
        return said
    layer = "the last layer" if question["layer"] is None else f"layer {question['layer']}"
    return f"{said}: {registry()[question['measure']].title} in {layer} after {question['phase']} training"


def effect_of(row: Mapping[str, Any]) -> str:
    """With the digits that its interval is printed with."""
    width = row["ci_high"] - row["ci_low"]
    return signed(row["effect"], _precision(width) if math.isfinite(width) else None)


def name(row: dict[str, Any]) -> str:
    """``nli − none``; ``Spearman's rho of difficulty.pvi and loss avoided`` for a correlation."""
    if row["baseline"]:
        return f"{row['level']} − {row['baseline']}"
    coefficient = "Spearman's rho" if row["contrast"].startswith("spearman") else "Kendall's tau"
    return f"{coefficient} of {row['level']} and {OUTCOMES[row['outcome']].title}"


def sample(row: dict[str, Any]) -> str:
    """``12 languages × 3 seeds × 5 targets, 2,400 examples``."""
    parts = [(row["n_languages"], "language"), (row["n_seeds"], "seed")]
    parts += [(row["n_targets"], "target")] if row["slice"] == ALL else []
    said = " × ".join(count(*part) for part in parts)
    said += f", {count(row['n_examples'], 'example')}" if row["n_examples"] else ""
    return said if row["baseline"] else f"{count(row['n_recipes'], 'recipe')}, {said}"


def verdict(row: dict[str, Any]) -> str:
    """An answer in one sentence: verdict, effect, interval, n, p, and what the design could have seen."""
    if row["verdict"] == UNANSWERED:
        return f"{VERDICTS[UNANSWERED]}: {lacking(row['missing'])}."
    against_itself = row["level"] == row["baseline"]
    effect = " ".join(filter(None, (effect_of(row), unit(row))))
    said = (
        f"{VERDICTS[row['verdict']]}: {'a recipe against itself, ' * against_itself}effect {effect} "
        f"{interval(row['ci_low'], row['ci_high'])}, {sample(row)}, {p_value(row['p_holm'])}."
    )
    if row["verdict"] == INCONCLUSIVE and not against_itself:
        said += _detectable(row)
    if not row["baseline"]:
        said += " A correlation over so few recipes says nothing of why: they differ in more than this."
    return said


def lacking(missing: str) -> str:
    """``missing a/b/c``; or why a question failed."""
    return missing if missing.startswith(FAILED) else f"missing {missing}"


def clean_scores(row: dict[str, Any], found: tuple[float, float] | None) -> str:
    """What both sides of a loss score on clean inputs; nothing where that is not known or not asked."""
    if found is None or not all(map(math.isfinite, found)):
        return ""
    level, baseline = map(number, found)
    return f" Clean, {row['level']} scores {level} and {row['baseline']} {baseline}: who scores less has less to lose."


def detectable(value: float) -> str:
    """As many digits as an effect of that size is printed with; ``none`` where no effect can be found."""
    return "none" if value == math.inf else number(value, _digits(value))


def _detectable(row: dict[str, Any]) -> str:
    value = row["minimum_detectable"]
    if value == math.inf:
        if row["n_seeds"] < 2:
            return " One seed cannot show an effect; add seeds."
        few = "languages" if row["baseline"] else "recipes"
        return f" So few {few} cannot show an effect, whatever its size, among the question's answers; add {few}."
    if not math.isfinite(value):
        return " Languages and seeds all gave the same, so what this design would have seen is not known."
    if value > _whole(row):
        return " This design could hardly have found any effect; add seeds."
    return f" This design would probably have missed effects below {detectable(value)}."


def _whole(row: dict[str, Any]) -> float:
    """What an effect is at most: from one end of the scale to the other."""
    if not row["baseline"]:
        return math.inf
    if not OUTCOMES[row["outcome"]].representations:
        return _POINTS
    low, high = registry()[row["measure"]].scale
    return high - low


def _digits(value: float) -> int:
    """Decimals: one, or of a number below 1 so many that it has two digits."""
    size = abs(value)
    return 1 if size >= 0.995 or not 0 < size < math.inf else min(6, 1 - math.floor(math.log10(size)))


def _precision(width: float) -> int:
    """Decimals of an interval's ends: one, or of a narrow one so many that its width has two digits."""
    return 1 if not 0 < width < 0.45 else min(6, 1 - math.floor(math.log10(width)))


def _rounded(value: float, digits: int) -> str:
    """Without the sign of what is 0 when it is rounded."""
    return number(round(value, digits) + 0.0, digits)
