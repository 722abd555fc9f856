"""Running edits over a text: which sites are hit, and what becomes of overlapping hits."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any, TypeVar

from xstilts.languages import Language
from xstilts.perturbations._letters import marks, pools, words
from xstilts.perturbations.base import Edits, Perturbation, Span, Units, clusters

T = TypeVar("T")


def perturbation(edits: Edits, **fields: Any) -> Perturbation:
    """A perturbation that strikes with ``edits``; ``fields`` are those of :class:`Perturbation`."""
    return Perturbation(apply=partial(apply_edits, ((edits, 1.0),)), edits=edits, **fields)


def apply_edits(
    parts: Sequence[tuple[Edits, float]], text: str, language: Language, strength: float, generator: Random
) -> str:
    """Hit every site of every part with probability ``strength × share × rate``.

    Every site has a threshold, the strength from which on it is hit. Sites take effect in the order of their
    thresholds and those that overlap an earlier one do not, so that a stronger copy holds the weaker one's edits.

    Args:
        parts: edits, each with its share of the strength.
        text: left alone at strength 0.
        language: of the text.
        strength: in [0, 1].
        generator: drawn from twice per site.
    """
    units = clusters(text)
    draw = generator.random
    hits: list[tuple[float, float, int, Span]] = []
    for number, (edits, share) in enumerate(parts):
        chance = strength * share * edits.rate
        scale = share * edits.rate
        for span in edits.sites(units, language):
            hit, choice = draw(), draw()
            if hit < chance:
                hits.append((hit / scale, choice, number, span))
    if not hits:
        return text
    pieces = list(units)
    taken = bytearray(len(units))
    for _, choice, number, (start, stop) in sorted(hits):
        if any(taken[start:stop]):
            continue
        taken[start:stop] = b"\1" * (stop - start)
        pieces[start] = parts[number][0].rewrite(units, (start, stop), language, choice)
        pieces[start + 1 : stop] = [""] * (stop - start - 1)
    return "".join(pieces)


def letter_sites(units: Units, language: Language) -> list[Span]:
    """Every letter cluster."""
    return [(index, index + 1) for index, pool in enumerate(pools(units, language)) if pool]


def word_sites(shortest: int, differing: Callable[[Units], Units]) -> Callable[[Units, Language], list[Span]]:
    """Words of at least ``shortest`` clusters; of what ``differing`` keeps of a word, two clusters must differ."""

    def sites(units: Units, language: Language) -> list[Span]:
        return [
            (start, stop)
            for start, stop in words(units, language)
            if stop - start >= shortest and len(set(differing(units[start:stop]))) > 1
        ]

    return sites


def replacing(table: Callable[[Language], Mapping[str, Sequence[str]]]) -> Edits:
    """Edits that write one of a table's entries for a cluster's base letter and keep the marks on it."""

    def sites(units: Units, language: Language) -> list[Span]:
        entries = table(language)
        return [(index, index + 1) for index, unit in enumerate(units) if unit[0] in entries]

    def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
        unit = units[span[0]]
        return pick(table(language)[unit[0]], choice) + marks(unit)

    return Edits(sites, rewrite)


def pick(options: Sequence[T], choice: float) -> T:
    """The option that ``choice`` in [0, 1) falls on."""
    return options[int(choice * len(options))]


def shuffled(units: Units, choice: float) -> list[str]:
    """The units, of which two must differ, in another order."""
    generator = Random(choice)
    result = list(units)
    while result == list(units):
        generator.shuffle(result)
    return result
