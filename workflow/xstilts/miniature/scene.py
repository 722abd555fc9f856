"""Sampling meanings: who can do what, to what, where, and what excludes what."""

import functools
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar

from xstilts.miniature.lexicon import (
    ancestors,
    antonym,
    concept,
    descendants,
    is_head,
    is_held_out,
    pool,
    synonyms,
)
from xstilts.miniature.realise import Clause
from xstilts.seeds import held_out, rng

BEINGS = ("person", "animal")
THINGS = ("clothes", "furniture", "vehicle", "tool", "text", "thing")
COLOURED = ("clothes", "furniture", "vehicle", "thing", "opening")
PLACES = ("room", "building", "outdoor", "settlement")

# Classes of objects that a class of verbs takes.
OBJECTS = {
    "food": ("food",),
    "edible": ("food", "drink"),
    "drink": ("drink",),
    "text": ("text",),
    "opening": ("opening",),
    "clothes": ("clothes",),
    "repairable": ("vehicle", "furniture"),
    "vehicle": ("vehicle",),
    "object": THINGS,
    "movable": ("furniture", "vehicle"),
    "anything": ("animal", "clothes", "furniture", "vehicle", "thing"),
    "being": BEINGS,
    "human": ("person",),
}
# Classes of verbs whose objects are things: "what" asks for them.
THING_VERBS = tuple(kind for kind, objects in OBJECTS.items() if not {*objects} & {*BEINGS})
# Classes of verbs that animals can be the subject of.
ANIMAL_VERBS = ("food", "edible", "drink", "being")
# Classes of adjectives that a class of nouns takes.
QUALITIES = {
    "person": ("size", "any", "being", "human"),
    "animal": ("size", "any", "being", "colour"),
    "food": ("size", "edible"),
    "drink": ("edible",),
    "text": ("object", "flat"),
    "clothes": ("size", "any", "flat", "colour"),
    **dict.fromkeys(("furniture", "vehicle", "thing", "opening"), ("size", "any", "object", "colour")),
    "tool": ("size", "any", "object"),
}
# "Big" said of a mouse does not hold of it as an animal.
RELATIVE = ("size", "any", "being")

# Sentence shapes that only test rows use: those with an adverb of time.
HELD_OUT_SHAPES = ("today_quality", "today_where", "today_action", "today_action_place", "action_today")
TIMES = ("today", "now")

DEV_SHARE = 0.15
# Rows per split of the tasks that are trained.
DEV_ROWS, TEST_ROWS = 300, 200

Meaning = TypeVar("Meaning")


class Scene:
    """Draws concepts for one row.

    Attributes:
        random: the row's generator.
        test: whether held-out concepts and shapes are allowed.
    """

    def __init__(self, random: Random, test: bool) -> None:
        self.random = random
        self.test = test

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random.random() < probability

    def noun(self, *kinds: str, without: tuple[str, ...] = ()) -> str:
        """A specific noun of one of these classes, neither the same as nor below those in ``without``."""
        barred = {name for used in without if used for name in (*_dimension(used), *descendants(used))}
        return self._draw(self.known("NOUN", *kinds), barred)

    def known(self, upos: str, *kinds: str) -> tuple[str, ...]:
        """The specific concepts of these classes that the row may use."""
        return _known(upos, kinds, self.test)

    def one_of(self, upos: str, *kinds: str, without: tuple[str, ...] = ()) -> str:
        """A specific concept of one of these classes, of another meaning and dimension than those in ``without``."""
        barred = {name for used in without if used for name in _dimension(used)}
        return self._draw(self.known(upos, *kinds), barred)

    def adjective(self, noun: str, without: tuple[str, ...] = (), absolute: bool = False) -> str:
        """An adjective that fits a noun, on another dimension than those in ``without``; ``""`` if there is none.

        Args:
            noun: what it describes.
            without: adjectives already said of it.
            absolute: leave out adjectives that hold relative to the noun's class.
        """
        kinds = [k for k in QUALITIES[concept(noun).kind] if not (absolute and k in RELATIVE)]
        barred = {name for used in without if used for name in _dimension(used)}
        names = [name for name in self.known("ADJ", *kinds) if name not in barred]
        return self._draw(names) if names else ""

    def opposite(self, adjective: str) -> str:
        """An adjective that excludes this one: the antonym, or another colour."""
        found = antonym(adjective)
        return found or self._draw(self.known("ADJ", concept(adjective).kind), {adjective})

    def verb(self, agent: str, without: tuple[str, ...] = (), alone: bool = False) -> str:
        """A verb that a subject can have, of another meaning than those in ``without``; ``alone``: done to things."""
        kinds = ANIMAL_VERBS if concept(agent).kind == "animal" else tuple(OBJECTS)
        return self.one_of("VERB", *(k for k in kinds if not alone or k in THING_VERBS), without=without)

    def object(self, verb: str, without: tuple[str, ...] = ()) -> str:
        """An object that fits a verb."""
        return self.noun(*OBJECTS[concept(verb).kind], without=without)

    def place(self, *without: str) -> str:
        """A specific place, none of ``without``."""
        return self.noun(*PLACES, without=without)

    def elsewhere(self, place: str) -> str:
        """A place where nobody can be who is in ``place``."""
        kind = concept(place).kind
        if is_head(place):
            return self.noun("outdoor")
        return self.noun(kind, without=(place,))

    def narrower(self, name: str) -> str:
        """The concept itself, or one below it if it is a hypernym."""
        if not is_head(name):
            return name
        return self._draw([n for n in descendants(name) if self.test or not is_held_out(n)])

    def wider(self, name: str) -> str:
        """A hypernym of a concept, or the concept itself if it has none."""
        return self.random.choice(ancestors(name) or (name,))

    def reworded(self, name: str) -> str:
        """Sometimes a synonym."""
        choices = [s for s in synonyms(name) if self.test or not is_held_out(s)]
        return self.random.choice(choices) if choices and self.chance(0.5) else name

    def event(
        self,
        agent: str,
        attribute: str = "",
        place: str | None = None,
        busy: bool | None = None,
        alone: bool = False,
    ) -> Clause:
        """A clause about an agent that says what it does, where it is, or both.

        Args:
            agent: the subject.
            attribute: its attributive adjective.
            place: where; ``None`` for anywhere or unsaid, ``""`` for unsaid.
            busy: whether it does something; ``None`` for either. Things do nothing.
            alone: name no other person or animal.
        """
        if concept(agent).kind not in BEINGS:
            busy = False
        elif busy is None:
            busy = place == "" or self.chance(0.7)
        if place is None:
            place = "" if busy and self.chance(0.5) else self.place()
        clause = Clause("where", agent=agent, attribute=attribute, place=place)
        if busy:
            verb = self.verb(agent, alone=alone)
            clause = clause._replace(shape="action", verb=verb, object=self.object(verb, (agent,)))
        return self.shaped(clause)

    def shaped(self, clause: Clause) -> Clause:
        """Choose among the shapes of a ``quality``, ``where`` or ``action`` clause; test rows may say when."""
        shape = clause.shape
        if shape == "action" and clause.place:
            shape = self.random.choice(("action_place", "front_place"))
        if self.test and self.chance(0.4):
            later = {"action_place": "today_action_place", "front_place": "today_action_place"}
            return clause._replace(shape=later.get(shape, f"today_{shape}"), time=self.random.choice(TIMES))
        return clause._replace(shape=shape)

    def _draw(self, names: Sequence[str], barred: set[str] | frozenset[str] = frozenset()) -> str:
        return self.random.choice([name for name in names if name not in barred])


@functools.cache
def _known(upos: str, kinds: tuple[str, ...], unseen: bool) -> tuple[str, ...]:
    return tuple(name for kind in kinds for name in pool(upos, kind, unseen))


@functools.cache
def _dimension(name: str) -> set[str]:
    """A concept, its synonyms, its opposites and theirs; for a colour, all colours."""
    if concept(name).kind == "colour":
        return set(pool("ADJ", "colour", True))
    opposite = antonym(name)
    return {name, *synonyms(name), *([opposite, *synonyms(opposite)] if opposite else [])}


def is_new(*clauses: Clause) -> bool:
    """Whether a meaning uses a concept or a shape that train and dev lack."""
    return any(c.shape in HELD_OUT_SHAPES or any(map(is_held_out, c.concepts)) for c in clauses)


def generate(
    task: str, split: str, count: int, draw: Callable[[Scene, int], tuple[Meaning, tuple[Clause, ...]] | None]
) -> Iterator[tuple[str, Meaning]]:
    """Yield ``count`` distinct meanings with their ids.

    ``draw(scene, index)`` samples one row: the meaning, and the clauses that identify it. A test row must have
    something that training lacks; a train and a dev row never have the same clauses, whose hash decides which it is.
    """
    seen: set[tuple[Clause, ...]] = set()
    for index in range(count):
        scene = Scene(rng("miniature", task, split, index), split == "test")
        while True:
            drawn = draw(scene, index)
            if drawn is None or drawn[1] in seen or not _belongs(drawn[1], split):
                continue
            seen.add(drawn[1])
            yield f"{split}-{index:04d}", drawn[0]
            break


def _belongs(clauses: tuple[Clause, ...], split: str) -> bool:
    if split == "test":
        return is_new(*clauses)
    return held_out(repr(clauses), DEV_SHARE, "miniature", "dev") == (split == "dev")
