"""Reading the lexicon: one concept per row, one column per language."""

import csv
import functools
from dataclasses import dataclass

from xstilts.errors import DataError
from xstilts.miniature import FOLDER, LANGUAGES
from xstilts.seeds import held_out

# Share of concept groups (a concept with its antonym and synonyms) that only test rows use.
HELD_OUT_SHARE = 0.3


@dataclass(frozen=True)
class Concept:
    """One row of the lexicon.

    Attributes:
        id: name used in meanings.
        upos: universal part-of-speech tag.
        kind: semantic class; what it goes with is in :mod:`xstilts.miniature.scene`.
        hypernym: id of the next more general concept, or ``""``.
        antonym: id of the opposite, or ``""``.
        synonym: id of the concept with the same meaning, or ``""``.
        forms: per language the fields of its cell (``Hund|m`` gives ``("Hund", "m")``).
    """

    id: str
    upos: str
    kind: str
    hypernym: str
    antonym: str
    synonym: str
    forms: dict[str, tuple[str, ...]]


@functools.cache
def lexicon() -> dict[str, Concept]:
    """All concepts by id, in file order.

    Raises:
        DataError: a cell is empty, an id is used twice, or a relation names an unknown concept.
    """
    concepts: dict[str, Concept] = {}
    for path in sorted((FOLDER / "lexicon").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for line, row in enumerate(csv.DictReader(handle), start=2):
                missing = [code for code in LANGUAGES if not (row.get(code) or "").strip("| ")]
                if missing or None in row:
                    raise DataError(f"{path}:{line}: no word for {' '.join(missing) or 'one column too many'}; add it")
                if row["id"] in concepts:
                    raise DataError(f"{path}:{line}: id {row['id']!r} is used twice; rename one")
                concepts[row["id"]] = Concept(
                    row["id"],
                    row["upos"],
                    row["class"],
                    row["hypernym"],
                    row["antonym"],
                    row["synonym"],
                    {code: tuple(row[code].split("|")) for code in LANGUAGES},
                )
    for concept in concepts.values():
        for other in (concept.hypernym, concept.antonym, concept.synonym):
            if other and other not in concepts:
                raise DataError(f"lexicon: {concept.id} names the unknown concept {other!r}; add it or clear the cell")
    return concepts


def concept(name: str) -> Concept:
    """The concept with this id."""
    return lexicon()[name]


@functools.cache
def ancestors(name: str) -> tuple[str, ...]:
    """The hypernyms of a concept, nearest first."""
    parent = concept(name).hypernym
    return (parent, *ancestors(parent)) if parent else ()


@functools.cache
def descendants(name: str) -> tuple[str, ...]:
    """The most specific concepts below a hypernym (empty for a concept that has none)."""
    return tuple(c.id for c in lexicon().values() if name in ancestors(c.id) and not is_head(c.id))


@functools.cache
def is_head(name: str) -> bool:
    """Whether a concept is the hypernym of another."""
    return any(c.hypernym == name for c in lexicon().values())


@functools.cache
def synonyms(name: str) -> tuple[str, ...]:
    """Other concepts with the same meaning."""
    base = concept(name).synonym or name
    return tuple(c.id for c in lexicon().values() if base in (c.id, c.synonym) and c.id != name)


@functools.cache
def antonym(name: str) -> str:
    """A concept's opposite, or ``""``."""
    return concept(name).antonym


@functools.cache
def is_held_out(name: str) -> bool:
    """Whether only test rows may use a concept.

    Antonyms and synonyms share one decision. Hypernyms and adverbs of time are never held out.
    """
    if is_head(name) or concept(name).kind == "time":
        return False
    base = concept(name).synonym or name
    opposite = concept(base).antonym
    group = min(base, concept(opposite).synonym or opposite) if opposite else base
    return held_out(group, HELD_OUT_SHARE, "miniature")


@functools.cache
def pool(upos: str, kind: str, unseen: bool) -> tuple[str, ...]:
    """The specific concepts of a part of speech and class, the held-out ones only if ``unseen``."""
    matching = (c.id for c in lexicon().values() if (c.upos, c.kind) == (upos, kind) and not is_head(c.id))
    return tuple(name for name in matching if unseen or not is_held_out(name))
