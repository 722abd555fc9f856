"""Misreadings of optical character recognition."""

import functools

from xstilts.languages import Language
from xstilts.perturbations._hangul import variants
from xstilts.perturbations._letters import marks
from xstilts.perturbations._shapes import MERGING, similar
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import perturbation, pick


def sites(units: Units, language: Language) -> list[Span]:
    """Letters with a look-alike, and pairs that run together."""
    script = language.script
    found = [(index, index + 1) for index, unit in enumerate(units) if _misread(unit, script, 1)]
    merging = MERGING.get(script, {})
    openings = {pair[0] for pair in merging if len(pair) == 2}
    return found + [
        (index, index + 2)
        for index, unit in enumerate(units[:-1])
        if unit in openings and unit + units[index + 1] in merging
    ]


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """A look-alike."""
    return pick(_misread("".join(units[span[0] : span[1]]), language.script, span[1] - span[0]), choice)


@functools.cache
def _misread(text: str, script: str, clusters: int) -> tuple[str, ...]:
    merging = MERGING.get(script, {})
    merged = (merging[text],) if text in merging else ()
    if clusters == 2:
        return merged
    if script == "Kore":
        return tuple(variants(text, similar(script)))
    return merged + tuple(letter + marks(text) for letter in similar(script).get(text[0], ""))


PERTURBATION = perturbation(
    Edits(sites, rewrite),
    name="ocr",
    scripts=ALL_SCRIPTS,
    description="letters become others of the script that differ by a dot, a hook or a stroke; rn reads m",
    source="own table of similar shapes (`_shapes.py`)",
    version=2,
)
