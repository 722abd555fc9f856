"""Words replaced by their counterparts in another language."""

from collections.abc import Collection
from functools import partial
from unicodedata import category

from xstilts import tasks
from xstilts.errors import ConfigError
from xstilts.languages import LANGUAGES, Language
from xstilts.perturbations._letters import spaceless, upper
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Option, Options, Perturbation, Span, Units
from xstilts.perturbations.edits import perturbation
from xstilts.perturbations.lexicon import dictionary, lowered, stretches

_LONGEST = 6  # clusters, in scripts without spaces


def configured(target: str, spoken: Collection[str], lexicon: str = "") -> Perturbation:
    """The perturbation into one language.

    Args:
        target: ISO 639-1 code.
        spoken: languages that there is a lexicon for.
        lexicon: folder of the lexicon's files, which only the job knows.
    """
    return perturbation(
        Edits(partial(sites, lexicon, target), partial(rewrite, lexicon, target)),
        name="code_switch",
        scripts=ALL_SCRIPTS,
        unit="word",
        languages=frozenset(spoken) - {target},
        description="words become their counterparts in another language, by a lexicon learned from sentence pairs",
        source="code-mixing as in CoSDA-ML (Qin et al. 2020) and Tan & Joty (2021); the lexicon is our own",
        options={
            "language": Option("the language to switch into (ISO 639-1)", values=tuple(LANGUAGES)),
            "parallel": Option("the task whose sentence pairs the lexicon is learned from, such as tatoeba"),
        },
        configure=_configure,
        version=3,
    )


def sites(lexicon: str, target: str, units: Units, language: Language) -> list[Span]:
    """Words that the lexicon has; of stretches without spaces, the longest from the left."""
    known = dictionary(lexicon, language.code, target)
    found: list[Span] = []
    for start, stop, without_spaces in stretches(units, language):
        if without_spaces:
            found += _longest(units, start, stop, known, language, target)
        elif _counterpart("".join(units[start:stop]), known, language, target):
            found.append((start, stop))
    return found


def rewrite(lexicon: str, target: str, units: Units, span: Span, language: Language, choice: float) -> str:
    """The counterpart, capitalised if the word was.

    One that a script with spaces puts into text without them is set off from the letters and digits beside it, whatever
    becomes of those: two such neighbours have two spaces between them.
    """
    start, stop = span
    known = dictionary(lexicon, language.code, target)
    other = _counterpart("".join(units[start:stop]), known, language, target)
    if not spaceless(units[start][0]) or spaceless(other[0]):
        return other
    return _gap(units[max(start - 1, 0) : start]) + other + _gap(units[stop : stop + 1])


def _gap(neighbour: Units) -> str:
    """A space if the cluster beside a word, if there is one, is part of a word or number."""
    return " " if any(category(unit[0])[0] in "LMN" for unit in neighbour) else ""


def _longest(units: Units, start: int, stop: int, known: dict[str, str], language: Language, target: str) -> list[Span]:
    """The longest known words from the left; one that is written the same in both languages is passed over."""
    found: list[Span] = []
    while start < stop:
        ends = range(min(start + _LONGEST, stop), start, -1)
        end = next((end for end in ends if "".join(units[start:end]) in known), start + 1)
        if _counterpart("".join(units[start:end]), known, language, target):
            found.append((start, end))
        start = end
    return found


def _counterpart(word: str, known: dict[str, str], language: Language, target: str) -> str:
    """The word's counterpart; empty if it has none or is written the same."""
    other = known.get(lowered(word, language), "")
    if other and word[0].isupper():
        other = upper(other[0], target) + other[1:]
    return "" if other == word else other


def _configure(options: Options, resources: Options) -> Perturbation:
    target, task = options["language"], tasks.get(str(options["parallel"]))
    if task.type != "retrieval":
        pairs = [each.name for each in tasks.registry().values() if each.type == "retrieval"]
        raise ConfigError(f"option parallel: task {task.name} has no sentence pairs; allowed: {', '.join(pairs)}")
    spoken = {"en", *task.languages["test"]}
    if target not in spoken:
        raise ConfigError(
            f"option language: task {task.name} has no sentences in {target!r}; it has: {' '.join(sorted(spoken))}"
        )
    return configured(target, spoken, str(resources.get("lexicon", "")))


PERTURBATION = configured("en", LANGUAGES)
