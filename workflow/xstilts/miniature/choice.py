"""Four choices, one of them right: what a verb can take, what falls under a word, what follows from a sentence."""

import functools
from dataclasses import dataclass

from xstilts.miniature.lexicon import ancestors, concept, is_head, lexicon
from xstilts.miniature.realise import Clause
from xstilts.miniature.scene import BEINGS, OBJECTS, QUALITIES, Scene, generate

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


Parts = tuple[Clause, Clause, list[Clause]]


def _name(noun: str) -> Clause:
    return Clause("name", agent=noun)


def _object(scene: Scene) -> Parts:
    """What does the girl eat? The apple, not the chair."""
    agent = scene.noun("person")
    verb = scene.verb(agent)
    while len(OBJECTS[concept(verb).kind]) > 2:
        verb = scene.verb(agent)
    right = scene.object(verb, (agent,))
    others = [kind for kind in QUALITIES if kind not in OBJECTS[concept(verb).kind]]
    return Clause("what", agent=agent, verb=verb), _name(right), _some(scene, others, right)


def _member(scene: Scene) -> Parts:
    """Find the animal: the dog, not the chair."""
    heads = [c.id for c in lexicon().values() if is_head(c.id) and c.kind in QUALITIES]
    head = scene.random.choice(heads)
    right = scene.narrower(head)
    others = [kind for kind in QUALITIES if kind != concept(head).kind]
    # A fruit among vegetables, a bird among animals.
    siblings = [n for n in scene.known("NOUN", concept(head).kind) if head not in ancestors(n)]
    wrong = _some(scene, others, right)
    if siblings:
        wrong = [_name(noun) for noun in scene.random.sample(siblings, 2)] + wrong[:1]
        scene.random.shuffle(wrong)
    return Clause("find", object=head), _name(right), wrong


def _some(scene: Scene, kinds: list[str], right: str) -> list[Clause]:
    return [_name(scene.noun(kind)) for kind in scene.random.sample(kinds, N_CHOICES - 1)]


def _place(scene: Scene) -> Parts:
    """Where somebody is follows from what he does where; the others are elsewhere, or it is not known."""
    agent = scene.noun(*BEINGS)
    place = scene.place()
    prompt = scene.event(agent, scene.adjective(agent) if scene.chance(0.5) else "", place)
    general = scene.wider(place) if scene.chance(0.5) else place
    said = scene.wider(agent) if scene.chance(0.5) else agent
    other = scene.noun(*BEINGS, without=(said, agent, prompt.object))
    right = Clause("where", agent=said, place=general)
    away = scene.elsewhere(place)
    return prompt, right, _shuffled(
        scene,
        [
            right._replace(place=away),
            right._replace(shape="not_where"),
            right._replace(agent=other),
        ],
    )


def _quality(scene: Scene) -> Parts:
    """Who is sad is not happy."""
    agent = scene.noun(*BEINGS)
    quality = scene.adjective(agent)
    opposite = scene.opposite(quality)
    prompt = scene.event(agent, quality)
    claims = [
        Clause("quality", agent=agent, quality=quality),
        Clause("not_quality", agent=agent, quality=opposite),
    ]
    wrong = [
        Clause("not_quality", agent=agent, quality=quality),
        Clause("quality", agent=agent, quality=opposite),
        Clause("quality", agent=scene.noun(concept(agent).kind, without=(agent, prompt.object)), quality=quality),
    ]
    return prompt, scene.random.choice(claims), _shuffled(scene, wrong)


def _shuffled(scene: Scene, clauses: list[Clause]) -> list[Clause]:
    scene.random.shuffle(clauses)
    return clauses
