"""Random character noise: swap, deletion, duplication, substitution and insertion of grapheme clusters."""

from random import Random

from xstilts.languages import Language
from xstilts.perturbations._letters import marks, other_letter, pools
from xstilts.perturbations.base import ALL_SCRIPTS, Perturbation, clusters

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
    alphabets = pools(units, language)
    draw = generator.random
    for index, pool in enumerate(alphabets):
        if not pool:
            continue
        hit, choice = draw(), draw()
        if hit >= strength:
            continue
        # One uniform number serves twice: its integer part picks the operation, the rest the letter.
        choice *= len(_OPERATIONS)
        operation, choice = _OPERATIONS[int(choice)], choice % 1
        if operation == "swap" and _can_swap(units, alphabets, index):
            swaps.append(index)
        elif operation == "delete" and index and alphabets[index - 1]:
            pieces[index] = ""
        else:
            pieces[index] = _spoil(units[index], operation, pool, choice)
    for index in swaps:
        pieces[index], pieces[index + 1] = pieces[index + 1], pieces[index]
    return "".join(pieces)


def _can_swap(units: list[str], alphabets: list[str], index: int) -> bool:
    return index + 1 < len(units) and bool(alphabets[index + 1]) and units[index] != units[index + 1]


def _spoil(unit: str, operation: str, pool: str, choice: float) -> str:
    """Duplicate a cluster, insert a letter after it, or substitute its base letter and keep the marks on it."""
    if operation == "duplicate":
        return unit + unit
    letter = other_letter(unit, pool, choice)
    return unit + letter if operation == "insert" else letter + marks(unit)


PERTURBATION = Perturbation(
    name="char_noise",
    scripts=ALL_SCRIPTS,
    description="each letter cluster, with the given probability, is swapped, deleted, duplicated, replaced or followed"
    " by a random letter of its script",
    source="the operations of DeepWordBug (Gao et al. 2018) and duplication, at random places (Belinkov & Bisk 2018)",
    apply=apply,
    version=2,
)
