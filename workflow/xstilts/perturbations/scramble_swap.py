"""One swap inside a word."""

from xstilts.languages import Language
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Span, Units
from xstilts.perturbations.edits import perturbation, pick, word_sites


def rewrite(units: Units, span: Span, language: Language, choice: float) -> str:
    """The word with two neighbouring inner letters exchanged."""
    word = list(units[span[0] : span[1]])
    places = [place for place in range(1, len(word) - 2) if word[place] != word[place + 1]]
    place = pick(places, choice)
    word[place : place + 2] = word[place + 1], word[place]
    return "".join(word)


PERTURBATION = perturbation(
    Edits(word_sites(4, lambda word: word[1:-1]), rewrite),
    name="scramble_swap",
    scripts=ALL_SCRIPTS,
    unit="word",
    description="two neighbouring inner letters of a word of four or more change places",
    source="`swap` of Belinkov & Bisk (2018, section 4.1)",
)
