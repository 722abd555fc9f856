"""A bilingual lexicon learned from sentence pairs, and its file.

A word's counterpart is the word it shares most sentences with, both ways: the mutual best match by Dice coefficient,
weighted by IBM Model 1 (Brown et al. 1993), which explains frequent words away. In
scripts without spaces every run of up to six clusters is tried as a word, and of equally good ones the longest is kept.
"""

import csv
import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from xstilts import languages
from xstilts.errors import DataError
from xstilts.languages import LANGUAGES, Language
from xstilts.perturbations._letters import lower, runs
from xstilts.perturbations.base import Units, clusters

COLUMNS = ("english", "word", "score", "count")
# Longest run of clusters taken for a word of a script without spaces, by script of the language.
_LONGEST = {"Hans": 4, "Jpan": 6, "Mymr": 6, "Thai": 6}
_APOSTROPHES = ("'", "’", "ʼ")
# What English tokens begin at: she 's, we 're, do n't.
_REMNANTS = ("d", "ll", "m", "n't", "re", "s", "t", "ve")
# Words that elision leaves; what follows their apostrophe is the next word (Grevisse and Goosse 2016, "Le bon usage",
# section 44; Serianni 2006, "Grammatica italiana", chapter I).
_ELIDED = {
    "fr": ("c", "d", "j", "jusqu", "l", "lorsqu", "m", "n", "puisqu", "qu", "quoiqu", "s", "t"),
    "it": (
        *("all", "c", "coll", "d", "dall", "dell", "gl", "l", "m", "n"),
        *("nell", "quell", "quest", "s", "sull", "t", "un", "v"),
    ),
}
# There an apostrophe sets a name off from its endings: İstanbul'da.
_ENDINGS_APART = ("az", "tr")
# An outer apostrophe at so few clusters stands for letters, not for a quotation: un po', 's avonds.
_CLIPPED = 2
_ITERATIONS = 4
# How much more a spelling inside a sentence says than one at its capitalised beginning.
_INSIDE = 1000
# A pair seen once proves nothing, and one that seldom goes together is no translation.
_FEWEST, _LOWEST = 2, 0.3


@dataclass(frozen=True)
class Entry:
    """An English word, its counterpart, how sure the pair is (0 to 1) and how many sentence pairs hold both."""

    english: str
    word: str
    score: float
    count: int


def stretches(units: Units, language: Language) -> list[tuple[int, int, bool]]:
    """Runs of letters ``(start, stop, spaceless)`` as a lexicon has them.

    An apostrophe between letters belongs to the word (don't, aujourd'hui, п'ять), unless an elided word ends with it:
    French l'eau holds one word, eau. What is left of a word (l', po', and in a text cut into tokens n't and 's) and the
    ending of a name (Turkish 'da) are none.
    """
    found: list[tuple[int, int, bool]] = []
    pieces = runs(units, language)
    starts, stops = {start for start, _, _ in pieces}, {stop for _, stop, _ in pieces}
    for start, stop, spaceless in pieces:
        within = _apostrophe(units, start - 1) and start - 1 in stops
        if not within or spaceless or found[-1][2] or _elided(units, *found[-1][:2], language):
            found.append((start, stop, spaceless))
        elif language.code not in _ENDINGS_APART:
            found[-1] = (found[-1][0], stop, spaceless)

    def whole(start: int, stop: int) -> bool:
        if language.code == "en":
            return _word(units, start, stop, language) not in _REMNANTS
        before, after = _apostrophe(units, start - 1), _apostrophe(units, stop)
        if after and _elided(units, start, stop, language):
            return False
        outer = (before and start - 1 not in stops) or (after and stop + 1 not in starts)
        return not outer or stop - start > _CLIPPED

    return [(start, stop, spaceless) for start, stop, spaceless in found if whole(start, stop)]


def terms(text: str, language: Language) -> set[str]:
    """The words of a text in lower case; of stretches without spaces, all runs of up to a few clusters.

    English n't is read as the "not" that it is: other languages' negation is its counterpart.
    """
    units = clusters(text)
    found: set[str] = set()
    for start, stop, spaceless in stretches(units, language):
        if spaceless:
            longest = _LONGEST.get(language.script, 1)
            spans = [(a, b) for a in range(start, stop) for b in range(a + 1, min(a + longest, stop) + 1)]
            found.update("".join(units[a:b]) for a, b in spans)
        else:
            word = _word(units, start, stop, language)
            found.add("not" if language.code == "en" and word.endswith("n't") else word)
    return found


def lowered(word: str, language: Language) -> str:
    """The word in lower case as the language has it, apostrophes straight."""
    return re.sub("[’ʼ]", "'", "".join(lower(char, language.code) for char in word))


def _apostrophe(units: Units, place: int) -> bool:
    return 0 <= place < len(units) and units[place] in _APOSTROPHES


def _elided(units: Units, start: int, stop: int, language: Language) -> bool:
    return _word(units, start, stop, language) in _ELIDED.get(language.code, ())


def _word(units: Units, start: int, stop: int, language: Language) -> str:
    return lowered("".join(units[start:stop]), language)


def learn(pairs: Iterable[tuple[str, str]], language: Language) -> list[Entry]:
    """The mutual best matches of ``(English, other)`` sentence pairs, surest first.

    Args:
        pairs: translations of each other.
        language: of the other side.
    """
    english = languages.get("en")
    spelling: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    sides: list[tuple[list[str], list[str]]] = []
    for first, second in pairs:
        sides.append((sorted(terms(first, english)), sorted(terms(second, language))))
        for counter, text, spoken in zip(spelling, (first, second), (english, language), strict=True):
            units = clusters(text)
            for place, (start, stop, _) in enumerate(stretches(units, spoken)):
                counter["".join(units[start:stop])] += _INSIDE if place else 1
    left = _frequent(side for side, _ in sides)
    right = _frequent(side for _, side in sides)
    kept = [([w for w in one if w in left], [w for w in other if w in right]) for one, other in sides]
    together = Counter((one, other) for pair in kept for one in pair[0] for other in pair[1])
    scores = _scores(kept, together, left, right)
    best_left, best_right = _best(scores, 0), _best(scores, 1)
    written = [_spellings(counter, spoken) for counter, spoken in zip(spelling, (english, language), strict=True)]
    found = [
        Entry(written[0].get(one, one), written[1].get(other, other), round(score, 4), together[one, other])
        for one, (score, other) in best_left.items()
        if best_right[other][1] == one and score >= _LOWEST
    ]
    return sorted(found, key=lambda entry: (-entry.score, -entry.count, entry.english))


def _frequent(sides: Iterable[Sequence[str]]) -> dict[str, int]:
    counts = Counter(word for side in sides for word in side)
    return {word: count for word, count in counts.items() if count >= _FEWEST}


def _scores(
    sides: Sequence[tuple[list[str], list[str]]],
    together: Counter[tuple[str, str]],
    left: dict[str, int],
    right: dict[str, int],
) -> dict[tuple[str, str], float]:
    """Dice coefficient times the root of the geometric mean of both directions' translation probabilities."""
    forward = _model1(sides, left)
    backward = _model1([(other, one) for one, other in sides], right)
    return {
        (one, other): 2 * count / (left[one] + right[other]) * sqrt(sqrt(forward[one, other] * backward[other, one]))
        for (one, other), count in together.items()
        if count >= _FEWEST
    }


def _model1(sides: Sequence[tuple[list[str], list[str]]], vocabulary: dict[str, int]) -> dict[tuple[str, str], float]:
    """IBM Model 1: probability of the second side's word given the first's, by expectation maximisation."""
    table: dict[tuple[str, str], float] = defaultdict(lambda: 1.0)
    for _ in range(_ITERATIONS):
        counts: dict[tuple[str, str], float] = defaultdict(float)
        totals: dict[str, float] = defaultdict(float)
        for given, words in sides:
            for word in words:
                weights = [table[one, word] for one in given]
                mass = sum(weights)
                for one, weight in zip(given, weights, strict=True):
                    counts[one, word] += weight / mass
                    totals[one] += weight / mass
        table = {pair: count / totals[pair[0]] for pair, count in counts.items()}
    return table


def _best(scores: dict[tuple[str, str], float], side: int) -> dict[str, tuple[float, str]]:
    """Per word of one side its best match; ties go to the longer word, then the alphabet."""
    best: dict[str, tuple[float, int, str]] = {}
    for pair, score in scores.items():
        word, other = pair[side], pair[1 - side]
        key = (round(score, 9), len(other), other)
        if word not in best or key > best[word]:
            best[word] = key
    return {word: (score, other) for word, (score, _, other) in best.items()}


def _spellings(counts: Counter[str], language: Language) -> dict[str, str]:
    """How each word in lower case is most often written."""
    found: dict[str, str] = {}
    for word, _ in counts.most_common():
        found.setdefault(lowered(word, language), word)
    return found


def write(entries: Sequence[Entry], path: Path) -> None:
    """Write a lexicon as tab-separated text with a header."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerow(COLUMNS)
        writer.writerows((entry.english, entry.word, f"{entry.score:.4f}", entry.count) for entry in entries)


@functools.cache
def dictionary(folder: str, source: str, target: str) -> dict[str, str]:
    """Words of one language (lower case) to their counterparts in another, through English where neither is English.

    Args:
        folder: a prepared lexicon: ``{language}.tsv`` per language.
        source: ISO 639-1 code, and so is ``target``.

    Raises:
        DataError: the folder has no lexicon for one of the languages, or its file is malformed.
    """
    if source == "en":
        return {lowered(entry.english, LANGUAGES["en"]): entry.word for entry in _read(folder, target)}
    to_english = {lowered(entry.word, LANGUAGES[source]): entry.english for entry in _read(folder, source)}
    if target == "en":
        return to_english
    onward = dictionary(folder, "en", target)
    through = {word: lowered(english, LANGUAGES["en"]) for word, english in to_english.items()}
    return {word: onward[english] for word, english in through.items() if english in onward}


def _read(folder: str, language: str) -> list[Entry]:
    path = Path(folder) / f"{language}.tsv"
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    except FileNotFoundError:
        raise DataError(f"{path}: no lexicon for {language!r}; learn it again with that language") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise DataError(f"{path}:1: not a lexicon, whose columns are {', '.join(COLUMNS)}; delete it and learn again")
    return [Entry(english, word, float(score), int(count)) for english, word, score, count in rows[1:]]
