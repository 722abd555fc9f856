"""Random character noise: swap, deletion, duplication, substitution and insertion of grapheme clusters."""

import functools
from random import Random
from typing import Any

from xstilts.languages import Language
from xstilts.perturbations._alphabets import UNICODE_SCRIPTS, alphabet
from xstilts.perturbations.base import Perturbation, clusters

_SCRIPTS = "Arab Beng Cyrl Deva Geor Grek Gujr Guru Hans Hebr Jpan Kore Latn Mlym Mymr Taml Telu Thai"
_OPERATIONS = ("swap", "delete", "duplicate", "substitute", "insert")


def apply(text: str, language: Language, strength: float, generator: Random) -> str:
    """Hit each letter cluster with probability ``strength`` with one of five operations, equally likely.

    A word is a run of letter clusters, so in Thai, Chinese and Japanese it is a whole stretch between punctuation.
    Words never vanish and never merge: a word's first cluster is substituted where it should be deleted, and a cluster
    without a different neighbour to its right in the word is substituted where it should be swapped. Letters of scripts
    outside the table of alphabets are left alone.
    """
    units = clusters(text)
    pieces = list(units)
    swaps: list[int] = []
    pools = [_pool(unit[0], language.script) for unit in units]
    draw = generator.random
    for index, pool in enumerate(pools):
        if not pool:
            continue
        hit, choice = draw(), draw()
        if hit >= strength:
            continue
        # One uniform number serves twice: its integer part picks the operation, the rest the letter.
        choice *= len(_OPERATIONS)
        operation, choice = _OPERATIONS[int(choice)], choice % 1
        if operation == "swap" and _can_swap(units, pools, index):
            swaps.append(index)
        elif operation == "delete" and index and pools[index - 1]:
            pieces[index] = ""
        else:
            pieces[index] = _spoil(units[index], operation, pool, choice)
    for index in swaps:
        pieces[index], pieces[index + 1] = pieces[index + 1], pieces[index]
    return "".join(pieces)


def _can_swap(units: list[str], pools: list[str], index: int) -> bool:
    return index + 1 < len(units) and bool(pools[index + 1]) and units[index] != units[index + 1]


def _spoil(unit: str, operation: str, pool: str, choice: float) -> str:
    """Duplicate a cluster, insert a letter after it, or substitute its base letter and keep the marks on it."""
    if operation == "duplicate":
        return unit + unit
    position = int(choice * len(pool))
    letter = pool[position] if pool[position] != unit[0].lower() else pool[position - 1]
    if unit[0].isupper():
        letter = letter.upper()
    # A Hangul syllable may be spelled as several conjoining letters: what follows the first is no mark.
    marks = "" if unit[1:2].isalpha() else unit[1:]
    return unit + letter if operation == "insert" else letter + marks


@functools.cache
def _pool(char: str, language_script: str) -> str:
    """The alphabet of the script a cluster's first character belongs to; empty if it is not a letter of one."""
    letter, scripts = _patterns()
    if not letter.match(char):
        return ""
    script = next((name for name, pattern in scripts.items() if pattern.match(char)), "")
    if script == "Han" and language_script == "Jpan":
        script = "Kanji"
    return alphabet(script) if script else ""


@functools.cache
def _patterns() -> tuple[Any, dict[str, Any]]:
    import regex

    # Burmese vowel signs and tones (Mc) are clusters of their own.
    letter = regex.compile(r"[\p{L}\p{Mc}]")
    return letter, {name: regex.compile(rf"\p{{Script_Extensions={name}}}") for name in UNICODE_SCRIPTS}


PERTURBATION = Perturbation(
    name="char_noise",
    scripts=frozenset(_SCRIPTS.split()),
    description="each letter cluster, with the given probability, is swapped, deleted, duplicated, replaced or followed"
    " by a random letter of its script",
    source="the operations of DeepWordBug (Gao et al. 2018) and duplication, at random places (Belinkov & Bisk 2018)",
    apply=apply,
)
