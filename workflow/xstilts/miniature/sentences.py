"""Single sentences of every shape, for tagging and retrieval."""

import functools

from xstilts.miniature.realise import Clause
from xstilts.miniature.scene import BEINGS, COLOURED, QUALITIES, THING_VERBS, THINGS, Scene, generate

SHAPES = ("quality", "where", "action", "cleft", "both_quality", "both_where", "who", "what", "where_is", "find", "sum")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@functools.cache
def sentences(task: str, split: str, count: int) -> tuple[tuple[str, Clause], ...]:
    """The rows of a split with their ids."""

    def draw(scene: Scene, index: int) -> tuple[Clause, tuple[Clause, ...]]:
        clause = _clause(scene, scene.random.choice(SHAPES))
        return clause, (clause,)

    return tuple(generate(task, split, count, draw))


def _clause(scene: Scene, shape: str) -> Clause:
    match shape:
        case "quality":
            return _quality(scene)
        case "where" | "action":
            agent = scene.noun(*(BEINGS if shape == "action" else (*BEINGS, "thing")))
            attribute = scene.adjective(agent) if scene.chance(0.6) else ""
            clause = scene.event(agent, attribute, busy=shape == "action")
            if scene.chance(0.25) and clause.shape in ("where", "action"):
                return clause._replace(shape=f"not_{clause.shape}")
            return clause
        case "cleft":
            return scene.event(scene.noun("person"), place="")._replace(shape="cleft", time="")
        case "both_quality":
            first = _quality(scene)
            second = _quality(scene, first.agent)
            return Clause(shape, agent=first.agent, quality=first.quality, agent2=second.agent, quality2=second.quality)
        case "both_where":
            agent = scene.noun(*BEINGS)
            other, place = scene.noun(*BEINGS, without=(agent,)), scene.place()
            return Clause(shape, agent=agent, place=place, agent2=other, place2=scene.place(place))
        case "who":
            verb = scene.verb(scene.noun("person"))
            return Clause(shape, verb=verb, object=scene.object(verb))
        case "what":
            agent = scene.noun("person")
            return Clause(shape, agent=agent, verb=scene.one_of("VERB", *THING_VERBS))
        case "where_is":
            return Clause(shape, agent=scene.noun(*BEINGS, *THINGS))
        case "find":
            return Clause(shape, object=scene.noun(*QUALITIES))
        case _:
            return _sum(scene)


def _quality(scene: Scene, without: str = "") -> Clause:
    agent = scene.noun(*BEINGS, *BEINGS, *COLOURED, without=(without,))
    clause = Clause("quality", agent=agent, quality=scene.adjective(agent))
    return clause._replace(shape="not_quality") if scene.chance(0.25) else scene.shaped(clause)


def _sum(scene: Scene) -> Clause:
    known = {_NUMBERS.index(name) + 1: name for name in scene.known("NUM", "number")}
    sums = [(a, b) for a in known for b in known if a + b in known]
    addend, addend2 = scene.random.choice(sums)
    return Clause("sum", addend=known[addend], addend2=known[addend2], total=known[addend + addend2])
