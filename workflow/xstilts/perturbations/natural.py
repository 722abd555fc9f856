"""Natural errors: words replaced by misspellings people made, looked up in a table of the user's own."""

import functools
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from xstilts import languages
from xstilts.errors import ConfigError, DataError
from xstilts.languages import Language
from xstilts.perturbations._letters import lower, runs, upper
from xstilts.perturbations.base import ALL_SCRIPTS, Edits, Option, Options, Perturbation, Span, Units
from xstilts.perturbations.edits import perturbation, pick

# Runs of letters in one word of the table: mother-in-law has three.
_PARTS = 4


def configured(files: Mapping[str, str]) -> Perturbation:
    """The perturbation with its tables, one file per language."""
    return perturbation(
        Edits(partial(sites, files), partial(rewrite, files)),
        name="natural",
        scripts=ALL_SCRIPTS,
        unit="word",
        languages=frozenset(files),
        description="words become misspellings of them that people made, from a table you supply (lines of a word and"
        " its misspellings, separated by white space)",
        source="`nat` of Belinkov & Bisk (2018, section 4.2) and the format of their tables",
        options={"files": Option("language code to table file", path=True)},
        configure=_configure,
        version=2,
    )


def sites(files: Mapping[str, str], units: Units, language: Language) -> list[Span]:
    """Words that the table has, among them words with an apostrophe or a hyphen; the longest from the left."""
    known = table(files[language.code])
    parts = runs(units, language)
    found: list[Span] = []
    for number, (start, _, _) in enumerate(parts):
        if found and start < found[-1][1]:
            continue
        stops = [stop for _, stop, _ in parts[number : number + _PARTS]]
        texts = {stop: "".join(units[start:stop]) for stop in reversed(stops)}
        longest = next((stop for stop, text in texts.items() if _entry(known, text, language.code)), None)
        if longest is not None:
            found.append((start, longest))
    return found


def rewrite(files: Mapping[str, str], units: Units, span: Span, language: Language, choice: float) -> str:
    """One of the word's misspellings."""
    word = "".join(units[span[0] : span[1]])
    return pick(_entry(table(files[language.code]), word, language.code), choice)


def _entry(known: Mapping[str, tuple[str, ...]], word: str, language: str) -> tuple[str, ...]:
    """The word's misspellings; a capitalised word that the table lacks has those of the plain one, capitalised."""
    word = _straight(word)
    if word in known:
        return known[word]
    plain = lower(word[0], language) + word[1:]
    return tuple(upper(found[0], language) + found[1:] for found in known.get(plain, ()))


@functools.cache
def table(path: str) -> dict[str, tuple[str, ...]]:
    """Misspellings by word, whose apostrophes are straight.

    Raises:
        DataError: the file is missing, not UTF-8, or a line has no misspelling.
    """
    found: dict[str, tuple[str, ...]] = {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; name the table of misspellings under `files`") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}); convert it") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        word, *misspelt = line.split()
        if not misspelt:
            raise DataError(f"{path}:{number}: {word!r} has no misspelling; write it behind the word or drop the line")
        word = _straight(word)
        different = tuple(other for other in misspelt if _straight(other) != word)
        if different:
            found[word] = found.get(word, ()) + different
    return found


def _straight(word: str) -> str:
    return word.replace("’", "'")


def _configure(options: Options, resources: Options) -> Perturbation:
    files = options["files"]
    if not isinstance(files, Mapping) or not all(isinstance(path, str) for path in files.values()):
        raise ConfigError("perturbation 'natural': files is a mapping of language codes to paths")
    for code in files:
        languages.get(code)
    return configured(dict(files))


PERTURBATION = configured({})
