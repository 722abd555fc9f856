"""Four choices, one of them right: what a verb can take, what falls under a word, what follows from a sentence."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from xstilts.miniature.lexicon import ancestors, concept, is_head, lexicon
from xstilts.miniature.realise import Clause
from xstilts.miniature.scene import BEINGS, QUALITIES, Scene, generate

N_CHOICES = 4


@dataclass(frozen=True)
class Problem:
    """A prompt, its choices and the index of the right one."""

    prompt: Clause
    choices: tuple[Clause, ...]
    label: int


@functools.cache
def problems(split: str, count: int) -> tuple[tuple[str, Problem], ...]:
    """The rows of a split with their ids."""
    kinds = (_object, _member, _place, _quality)

    def draw(scene: Scene, index: int) -> tuple[Problem, tuple[Clause, ...]]:
        prompt, right, wrong = scene.random.choice(kinds)(scene)
        label = index % N_CHOICES
        choices = (*wrong[:label], right, *wrong[label:])
        # The order of the choices does not make another meaning.
        return Problem(prompt, choices, label), (prompt, *sorted(choices))

    return tuple(generate("mini_choice", split, count, draw))


# For a class of verbs, the classes of nouns to choose wrong objects from: such as other verbs take, so that no class is
# always wrong. Soup can be drunk, so food is no wrong drink.
_NOT_TAKEN = {
    "food": ("drink", "text", "clothes", "vehicle"),
    "drink": ("text", "clothes", "vehicle"),
    "text": ("food", "drink", "clothes", "vehicle"),
    "clothes": ("food", "drink", "text", "vehicle"),
    "vehicle": ("food", "drink", "text", "clothes"),
}

Parts = tuple[Clause, Clause, list[Clause]]


def _name(noun: str) -> Clause:
    return Clause("name", agent=noun)


def _object(scene: Scene) -> Parts:
    """What does the girl eat? The apple, not the chair."""
    verb = scene.one_of("VERB", scene.random.choice(tuple(_NOT_TAKEN)))
    prompt = Clause("what", agent=scene.noun("person"), verb=verb)
    return prompt, _name(scene.object(verb)), _some(scene, _NOT_TAKEN[concept(verb).kind])


def _member(scene: Scene) -> Parts:
    """Find the animal: the dog, not the chair."""
    heads = [c for c in lexicon().values() if is_head(c.id) and c.kind in QUALITIES]
    kinds = sorted({c.kind for c in heads})
    kind = scene.random.choice(kinds)
    head = scene.random.choice([c.id for c in heads if c.kind == kind])
    right = scene.narrower(head)
    others = [other for other in kinds if other != kind]
    # A fruit among vegetables, a bird among animals.
    siblings = [n for n in scene.known("NOUN", kind) if head not in ancestors(n)]
    wrong = _some(scene, others)
    if siblings:
        wrong = [_name(noun) for noun in scene.random.sample(siblings, 2)] + wrong[:1]
        scene.random.shuffle(wrong)
    return Clause("find", object=head), _name(right), wrong


def _some(scene: Scene, kinds: Sequence[str]) -> list[Clause]:
    return [_name(scene.noun(kind)) for kind in scene.random.sample(kinds, N_CHOICES - 1)]


def _place(scene: Scene) -> Parts:
    """Who does something somewhere is there: not elsewhere, and nothing is said of others."""
    agent = scene.noun(*BEINGS)
    place = scene.place()
    prompt = scene.event(agent, scene.adjective(agent) if scene.chance(0.5) else "", place, alone=True)
    other = scene.noun(*BEINGS, without=(agent,))
    if scene.chance(0.4):
        # Either both subjects are general or none is, so that being general gives nothing away.
        agent, other = BEINGS if concept(agent).kind == BEINGS[0] else BEINGS[::-1]
    away = scene.elsewhere(place)
    return _four(scene, prompt, Clause("where", agent=agent, place=place), other, place=away)


def _quality(scene: Scene) -> Parts:
    """Who is sad is sad, or is not happy; nothing is said of others."""
    agent = scene.noun(*BEINGS)
    quality = scene.adjective(agent)
    opposite = scene.opposite(quality)
    prompt = scene.event(agent, quality)
    other = scene.noun(concept(agent).kind, without=(agent, prompt.object))
    if scene.chance(0.5):
        return _four(scene, prompt, Clause("quality", agent=agent, quality=quality), other, quality=opposite)
    return _four(scene, prompt, Clause("not_quality", agent=agent, quality=opposite), other, quality=quality)


def _four(scene: Scene, prompt: Clause, right: Clause, other: str, **change: str) -> Parts:
    """Two subjects times two predicates: the choices alone do not tell which of the four is right."""
    wrong = [right._replace(**change), right._replace(agent=other), right._replace(agent=other, **change)]
    scene.random.shuffle(wrong)
    return prompt, right, wrong
