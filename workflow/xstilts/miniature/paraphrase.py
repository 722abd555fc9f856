"""Paraphrase pairs: the same words in another order, or all but one of them, with or without the same meaning.

Every way of changing a sentence occurs with both labels, so neither the way nor the word overlap gives the label away.
"""

import functools
from collections.abc import Callable

from xstilts.miniature.lexicon import antonym, concept, is_held_out, lexicon, synonyms
from xstilts.miniature.realise import Clause
from xstilts.miniature.scene import BEINGS, COLOURED, OBJECTS, Scene, generate

LABELS = ("0", "1")


@functools.cache
def pairs(split: str, count: int) -> tuple[tuple[str, tuple[Clause, Clause, str]], ...]:
    """The rows of a split with their ids: first sentence, second sentence, label."""

    def draw(scene: Scene, index: int) -> tuple[tuple[Clause, Clause, str], tuple[Clause, ...]] | None:
        label = LABELS[index % 2]
        changes = _TEST_CHANGES if scene.test else _CHANGES
        first, second = scene.random.choice(changes)(scene, label == "1")
        if scene.chance(0.5):
            first, second = second, first
        # The order of the two sentences does not make another meaning.
        return (first, second, label), tuple(sorted((first, second)))

    return tuple(generate("mini_paraphrase", split, count, draw))


def _act(scene: Scene, *, person: bool = False) -> Clause:
    """Somebody does something to somebody, so that the roles can be swapped."""
    agent = scene.noun("person") if person else scene.noun(*BEINGS)
    kind = concept(agent).kind
    verbs = ("being", "human") if kind == "person" else ("being",)
    verb = scene.one_of("VERB", *verbs)
    return Clause("action", agent=agent, verb=verb, object=scene.noun(kind, without=(agent,)))


def _swapped(clause: Clause) -> Clause:
    return clause._replace(agent=clause.object, object=clause.agent)


def _fronted(scene: Scene, same: bool) -> tuple[Clause, Clause]:
    first = _act(scene)._replace(shape="action_place", place=scene.place())
    second = first._replace(shape="front_place")
    return first, second if same else _swapped(second)


def _cleft(scene: Scene, same: bool) -> tuple[Clause, Clause]:
    first = _act(scene, person=True)
    second = first._replace(shape="cleft")
    return first, second if same else _swapped(second)


def _when(scene: Scene, same: bool) -> tuple[Clause, Clause]:
    first = _act(scene)._replace(shape="action_today", time=scene.random.choice(("today", "now")))
    second = first._replace(shape="today_action")
    return first, second if same else _swapped(second)


def _coordinated_qualities(scene: Scene, same: bool) -> tuple[Clause, Clause]:
    kind = scene.random.choice((*BEINGS, *COLOURED))
    agent = scene.noun(kind)
    other = scene.noun(kind, without=(agent,))
    quality = scene.adjective(agent)
    first = Clause(
        "both_quality", agent=agent, quality=quality, agent2=other, quality2=scene.adjective(other, (quality,))
    )
    second = first._replace(agent=other, agent2=agent)
    return first, second._replace(quality=first.quality2, quality2=quality) if same else second


def _coordinated_places(scene: Scene, same: bool) -> tuple[Clause, Clause]:
    agent = scene.noun(*BEINGS)
    other = scene.noun(*BEINGS, without=(agent,))
    place = scene.place()
    first = Clause("both_where", agent=agent, place=place, agent2=other, place2=scene.place(place))
    second = first._replace(agent=other, agent2=agent)
    return first, second._replace(place=first.place2, place2=place) if same else second


def _reworded(scene: Scene, same: bool) -> tuple[Clause, Clause]:
    """One word replaced by a synonym, or by a word of the same kind that means something else."""
    slot, name = scene.random.choice(_with_synonym(scene.test))
    other = scene.random.choice([s for s in synonyms(name) if scene.test or not is_held_out(s)])
    if not same:
        other = _different(scene, slot, name)
    clause = _about(scene, slot, name)
    return clause, clause._replace(**{slot: other})


def _different(scene: Scene, slot: str, name: str) -> str:
    opposite = antonym(name)
    if opposite and scene.chance(0.5):
        return scene.reworded(opposite)
    if slot == "attribute":
        return scene.one_of("ADJ", concept(name).kind, without=(name,))
    if slot == "verb":
        return scene.one_of("VERB", concept(name).kind, without=(name,))
    return scene.noun(concept(name).kind, without=(name,))


def _about(scene: Scene, slot: str, name: str) -> Clause:
    """A clause with a concept in a slot; whatever is of the same kind fits in its stead."""
    if slot == "verb":
        clause = Clause("action", agent=scene.noun("person"), verb=name)
        return clause._replace(object=scene.noun(*OBJECTS[concept(name).kind], without=(clause.agent,)))
    if slot == "agent":
        return scene.event(name, scene.adjective(name))
    if slot == "attribute":
        return scene.event(scene.noun("person"), name)
    return scene.event(scene.noun(*BEINGS), place=name)


@functools.cache
def _with_synonym(unseen: bool) -> tuple[tuple[str, str], ...]:
    """``(slot, concept)`` for every concept that has a synonym."""
    slots = {"ADJ": "attribute", "VERB": "verb"}

    def usable(name: str) -> bool:
        return unseen or not is_held_out(name)

    return tuple(
        (slots.get(c.upos, "place" if c.kind == "building" else "agent"), c.id)
        for c in lexicon().values()
        if usable(c.id) and any(map(usable, synonyms(c.id)))
    )


_CHANGES: tuple[Callable[[Scene, bool], tuple[Clause, Clause]], ...] = (
    _fronted,
    _cleft,
    _coordinated_qualities,
    _coordinated_places,
    _reworded,
)
_TEST_CHANGES = (*_CHANGES, _when)
