"""Natural language inference: each hypothesis comes once with every label, so it tells nothing about its label.

Definite phrases corefer between the two sentences (``the dog`` … ``the animal``), and nobody is in two places at once.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from xstilts.miniature.lexicon import ancestors, antonym, concept, is_head, is_held_out
from xstilts.miniature.realise import Clause
from xstilts.miniature.scene import BEINGS, COLOURED, Scene, generate
from xstilts.seeds import rng

LABELS = ("entailment", "neutral", "contradiction")


@dataclass(frozen=True)
class Pair:
    """Premise, hypothesis and label."""

    premise: Clause
    hypothesis: Clause
    label: str


@functools.cache
def pairs(split: str, count: int) -> tuple[tuple[str, Pair], ...]:
    """The rows of a split with their ids; three in a row share their hypothesis."""
    hypotheses: list[Clause] = []
    known: set[Clause] = set()

    def draw(scene: Scene, index: int) -> tuple[Pair, tuple[Clause, ...]] | None:
        group, label = divmod(index, len(LABELS))
        if group == len(hypotheses):
            hypotheses.append(_new_hypothesis(split, group, known))
            known.add(hypotheses[-1])
        premise = _PREMISES[hypotheses[group].shape.removeprefix("not_")](scene, hypotheses[group], LABELS[label])
        pair = Pair(premise, hypotheses[group], LABELS[label])
        return None if premise == pair.hypothesis else (pair, (premise, pair.hypothesis))

    return tuple(generate("mini_nli", split, count, draw))


def _new_hypothesis(split: str, group: int, known: set[Clause]) -> Clause:
    scene = Scene(rng("miniature", "mini_nli", split, "hypothesis", group), split == "test")
    while True:
        found = _hypothesis(scene)
        # Held-out words in the hypothesis put something new in all three rows.
        if found not in known and (split != "test" or any(map(is_held_out, found.concepts))):
            return found


def _hypothesis(scene: Scene) -> Clause:
    kind = scene.random.choice(("quality", "where", "action"))
    shape = f"not_{kind}" if scene.chance(0.35) else kind
    if kind == "quality":
        agent = scene.noun(*BEINGS, *BEINGS, *COLOURED)
        general = scene.wider(agent) if scene.chance(0.4) else agent
        quality = scene.adjective(agent, absolute=general != agent)
        return Clause(shape, agent=general if quality else agent, quality=quality or scene.adjective(agent))
    agent = scene.noun(*BEINGS)
    general = scene.wider(agent) if scene.chance(0.3) else agent
    if kind == "where":
        place = scene.place()
        return Clause(shape, agent=general, place=scene.wider(place) if scene.chance(0.3) else place)
    verb = scene.verb(agent)
    target = scene.object(verb, (agent,))
    # Not eating the fruit says nothing about the apple, nor the reverse: negated clauses stay specific.
    if shape == "action" and scene.chance(0.3):
        target = scene.wider(target)
    return Clause(shape, agent=agent, verb=verb, object=target)


def _is_negated(clause: Clause) -> bool:
    return clause.shape.startswith("not_")


def _quality_premise(scene: Scene, hypothesis: Clause, label: str) -> Clause:
    agent, quality = scene.narrower(hypothesis.agent), hypothesis.quality
    # With two persons in the premise, "the person" could be either.
    alone = is_head(hypothesis.agent)
    if label == "neutral":
        if not alone and scene.chance(0.4):
            other = scene.noun(concept(agent).kind, without=(agent,))
            return scene.event(other, scene.random.choice((quality, scene.opposite(quality))))
        return scene.event(agent, scene.adjective(agent, (quality,)) if scene.chance(0.8) else "", alone=alone)
    holds = (label == "entailment") != _is_negated(hypothesis)
    return scene.event(agent, scene.reworded(quality if holds else scene.opposite(quality)), alone=alone)


def _where_premise(scene: Scene, hypothesis: Clause, label: str) -> Clause:
    agent, place = scene.narrower(hypothesis.agent), hypothesis.place
    attribute = scene.adjective(agent) if scene.chance(0.5) else ""
    alone = is_head(hypothesis.agent)
    if label == "neutral":
        if scene.chance(0.5):
            other = scene.noun(*BEINGS, without=(agent, hypothesis.agent))
            there = scene.narrower(place) if scene.chance(0.5) else scene.elsewhere(place)
            return scene.event(other, scene.adjective(other) if attribute else "", there, alone=True)
        if ancestors(place) and scene.chance(0.5):
            return scene.event(agent, attribute, scene.wider(place), alone=alone)
        return scene.event(agent, attribute, "", busy=True, alone=alone)
    holds = (label == "entailment") != _is_negated(hypothesis)
    there = scene.reworded(scene.narrower(place)) if holds else scene.elsewhere(place)
    return scene.event(agent, attribute, there, alone=alone)


def _action_premise(scene: Scene, hypothesis: Clause, label: str) -> Clause:
    agent = hypothesis.agent
    attribute = scene.adjective(agent)
    told = hypothesis._replace(shape="action", attribute=attribute)
    if label == "neutral":
        return _other_action(scene, told)
    if (label == "entailment") != _is_negated(hypothesis):
        told = told._replace(verb=scene.reworded(told.verb), object=scene.narrower(told.object))
        return scene.shaped(told._replace(place=scene.place() if scene.chance(0.5) else ""))
    opposite = antonym(told.verb)
    if opposite and scene.chance(0.5):
        return scene.shaped(told._replace(verb=scene.reworded(opposite)))
    return told._replace(shape="not_action")


def _other_action(scene: Scene, told: Clause) -> Clause:
    """A clause that leaves open whether ``told`` holds, though it has much in common with it."""
    change = scene.random.choice(("verb", "object", "roles"))
    if change == "roles" and concept(told.object).kind in BEINGS and not is_head(told.object):
        able = concept(told.verb).kind in ("being", "human") and concept(told.agent).kind == "person"
        if able and concept(told.object).kind == "person":
            attribute = scene.adjective(told.object)
            swapped = told._replace(agent=told.object, object=told.agent, attribute=attribute)
            return scene.shaped(swapped)
    if change == "object" and ancestors(told.object) and scene.chance(0.5):
        return scene.shaped(told._replace(object=scene.wider(told.object)))
    # One of the fruits eaten may be the apple: only a specific object can be another one.
    if change == "object" and not is_head(told.object):
        other = told._replace(object=scene.object(told.verb, (told.object, told.agent)))
    else:
        other = _other_verb(scene, told)
    if scene.chance(0.3):
        return other._replace(shape="not_action")
    return scene.shaped(other._replace(place=scene.place() if scene.chance(0.4) else ""))


def _other_verb(scene: Scene, told: Clause) -> Clause:
    verb = scene.verb(told.agent, (told.verb,))
    return told._replace(verb=verb, object=scene.object(verb, (told.agent,)))


_PREMISES: dict[str, Callable[[Scene, Clause, str], Clause]] = {
    "quality": _quality_premise,
    "where": _where_premise,
    "action": _action_premise,
}
