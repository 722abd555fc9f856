"""From a clause, which belongs to no language, to tokens and text in one."""

import csv
import functools
from typing import NamedTuple

from xstilts.errors import DataError
from xstilts.miniature import FOLDER, LANGUAGES
from xstilts.miniature.grammar import GRAMMARS, Grammar, Words
from xstilts.miniature.lexicon import concept

_ANIMATE = ("person", "animal")
QUESTIONS = ("who", "what", "where_is", "which_colour")


class Clause(NamedTuple):
    """The meaning of one sentence: a shape (row of ``templates.csv``) and the concept in each of its slots."""

    shape: str
    agent: str = ""
    attribute: str = ""
    verb: str = ""
    object: str = ""
    place: str = ""
    quality: str = ""
    time: str = ""
    agent2: str = ""
    place2: str = ""
    quality2: str = ""
    addend: str = ""
    addend2: str = ""
    total: str = ""

    @property
    def concepts(self) -> frozenset[str]:
        """The concepts the clause uses."""
        return frozenset(filter(None, self[1:]))


class Token(NamedTuple):
    """A word, its universal part-of-speech tag and the slot it fills (``""`` for a template's own words)."""

    text: str
    tag: str
    slot: str = ""


@functools.cache
def templates() -> dict[str, dict[str, str]]:
    """``{shape: {language: template}}``.

    Raises:
        DataError: a template is missing.
    """
    path = FOLDER / "templates.csv"
    table: dict[str, dict[str, str]] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for line, row in enumerate(csv.DictReader(handle), start=2):
            missing = [code for code in LANGUAGES if not row.get(code)]
            if missing:
                raise DataError(f"{path}:{line}: no template for {' '.join(missing)}; add it")
            table[row["shape"]] = {code: row[code] for code in LANGUAGES}
    return table


@functools.cache
def _template(shape: str, language: str) -> tuple[tuple[str, str], ...]:
    """A template's items: ``("agent", "")`` for a symbol, ``("は", "ADP")`` for a word of its own."""
    found = []
    for item in templates()[shape][language].split():
        word, _, tag = item.rpartition("/")
        found.append((word, tag) if word else (item.strip("{}"), ""))
    return tuple(found)


@functools.lru_cache(maxsize=1 << 16)
def tokens(clause: Clause, language: str) -> tuple[Token, ...]:
    """The clause's words in order, with the closing punctuation mark where the language writes one."""
    grammar = GRAMMARS[language]
    gender = grammar.gender(concept(clause.agent).forms[language]) if clause.agent else "m"
    animate = bool(clause.agent) and concept(clause.agent).kind in _ANIMATE
    found: list[tuple[str, str, str]] = []
    for item, tag in _template(clause.shape, language):
        if tag:
            found.append((grammar.alternative(item.split("|"), gender, animate), tag, ""))
        else:
            found.extend((*word, item) for word in _fill(clause, item, language, grammar, gender))
    if clause.shape not in (*QUESTIONS, "name") and grammar.full_stop:
        found.append((grammar.full_stop, "PUNCT", ""))
    words = grammar.adjust([word for word, _, _ in found])
    if grammar.capitals:
        first = 1 if words[0] == "¿" else 0
        words[first] = grammar.capital(words[first][0]) + words[first][1:]
    return tuple(Token(word, tag, slot) for word, (_, tag, slot) in zip(words, found, strict=True))


def render(words: tuple[Token, ...], language: str) -> tuple[str, list[int]]:
    """Write tokens as text.

    Returns:
        The text and each token's offset in it (code points).
    """
    grammar = GRAMMARS[language]
    text, offsets, glued = "", [], True
    for word, _, _ in words:
        if not glued and word not in grammar.glued_before:
            text += grammar.space
        offsets.append(len(text))
        text += word
        glued = word.lower() in grammar.glued_after
    return text, offsets


@functools.lru_cache(maxsize=1 << 16)
def sentence(clause: Clause, language: str) -> str:
    """The clause as text."""
    return render(tokens(clause, language), language)[0]


def span(clause: Clause, slot: str, language: str) -> tuple[int, int]:
    """Start and end (code points, end exclusive) of a slot's words in :func:`sentence`."""
    words = tokens(clause, language)
    _, offsets = render(words, language)
    inside = [index for index, token in enumerate(words) if token.slot == slot]
    return offsets[inside[0]], offsets[inside[-1]] + len(words[inside[-1]].text)


def _fill(clause: Clause, symbol: str, language: str, grammar: Grammar, gender: str) -> Words:
    """The words of one ``{symbol}``."""

    def cell(name: str) -> tuple[str, ...]:
        return concept(getattr(clause, name)).forms[language]

    match symbol:
        case "agent":
            return grammar.noun_phrase(cell("agent"), cell("attribute") if clause.attribute else None, False, False)
        case "agent2":
            return grammar.noun_phrase(cell("agent2"), None, False, False)
        case "object":
            return grammar.noun_phrase(cell("object"), None, True, concept(clause.object).kind == "person")
        case "place" | "place2":
            return grammar.place(cell(symbol))
        case "verb":
            return grammar.verb(cell("verb"), gender)
        case "verb2":
            return grammar.second_verb(cell("verb"), gender)
        case "quality":
            return grammar.quality(cell("quality"), gender)
        case "quality2":
            return grammar.quality(cell("quality2"), grammar.gender(cell("agent2")))
        case "not_quality":
            return grammar.not_quality(cell("quality"), gender)
        case "copula" | "not_copula":
            return grammar.copula(cell("quality"), symbol == "not_copula")
        case "copula2":
            return grammar.copula(cell("quality2"), False)
        case "time" | "addend" | "addend2" | "total":
            return [(cell(symbol)[0], concept(getattr(clause, symbol)).upos)]
        case _:
            raise DataError(f"{FOLDER / 'templates.csv'}: unknown symbol {{{symbol}}} in {clause.shape}, {language}")
