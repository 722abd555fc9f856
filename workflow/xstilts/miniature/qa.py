"""Questions about one of a few sentences; the answer is a phrase of that sentence."""

import functools
from dataclasses import dataclass

from xstilts.miniature.grammar import GRAMMARS
from xstilts.miniature.lexicon import synonyms
from xstilts.miniature.realise import Clause, sentence, span
from xstilts.miniature.scene import BEINGS, COLOURED, THING_VERBS, THINGS, Scene, generate

# What each question asks for: the slot of the answer.
ANSWERS = {"who": "agent", "what": "object", "where_is": "place", "which_colour": "quality"}


@dataclass(frozen=True)
class Problem:
    """A context, a question, and the index of the sentence that answers it."""

    context: tuple[Clause, ...]
    question: Clause
    source: int


@functools.cache
def problems(split: str, count: int) -> tuple[tuple[str, Problem], ...]:
    """The rows of a split with their ids."""
    kinds = tuple(ANSWERS)

    def draw(scene: Scene, index: int) -> tuple[Problem, tuple[Clause, ...]]:
        told = _asked_about(scene, kinds[index % len(kinds)])
        question = _question(kinds[index % len(kinds)], told)
        size = scene.random.randint(3, 5)
        context = [told]
        while len(context) < size:
            other = _distractor(scene, question, told, near=len(context) < 3)
            if _is_apart(other, context):
                context.append(other)
        scene.random.shuffle(context)
        return Problem(tuple(context), question, context.index(told)), (question, *context)

    return tuple(generate("mini_qa", split, count, draw))


def write(problem: Problem, language: str) -> tuple[str, str, str, int]:
    """Question, context, answer and the answer's offset in the context (code points)."""
    # Thai ends sentences with a space, not with a mark.
    gap = GRAMMARS[language].space or ("" if GRAMMARS[language].full_stop else " ")
    texts = [sentence(clause, language) for clause in problem.context]
    context = gap.join(texts)
    start, end = span(problem.context[problem.source], ANSWERS[problem.question.shape], language)
    offset = sum(len(text) + len(gap) for text in texts[: problem.source])
    return sentence(problem.question, language), context, context[offset + start : offset + end], offset + start


def _asked_about(scene: Scene, kind: str) -> Clause:
    if kind == "which_colour":
        agent = scene.noun(*COLOURED)
        clause = Clause("quality", agent=agent, quality=scene.one_of("ADJ", "colour"))
        return clause._replace(shape="today_quality", time="today") if scene.test and scene.chance(0.4) else clause
    if kind == "where_is":
        agent = scene.noun(*BEINGS, "thing")
        return scene.event(agent, place=scene.place())
    agent = scene.noun("person")
    verb = scene.one_of("VERB", *THING_VERBS) if kind == "what" else scene.verb(agent)
    place = scene.place() if scene.chance(0.4) else ""
    return scene.shaped(Clause("action", agent=agent, verb=verb, object=scene.object(verb, (agent,)), place=place))


def _question(kind: str, told: Clause) -> Clause:
    match kind:
        case "who":
            return Clause(kind, verb=told.verb, object=told.object)
        case "what":
            return Clause(kind, agent=told.agent, verb=told.verb)
        case _:
            return Clause(kind, agent=told.agent)


def _distractor(scene: Scene, question: Clause, told: Clause, near: bool) -> Clause:
    """A sentence about something else; ``near`` ones could answer a careless reader's question."""
    if not near:
        return scene.event(scene.noun(*BEINGS))
    if question.shape == "which_colour":
        return Clause("quality", agent=scene.noun(*COLOURED), quality=scene.one_of("ADJ", "colour"))
    if question.shape == "where_is":
        return scene.event(scene.noun(*BEINGS, *THINGS), place=scene.place(told.place))
    agent = scene.noun("person")
    place = scene.place() if scene.chance(0.4) else ""
    clause = Clause("action", agent=agent, verb=told.verb, object=scene.object(told.verb, (told.object, agent)))
    return scene.shaped(clause._replace(place=place))


def _is_apart(clause: Clause, context: list[Clause]) -> bool:
    """Whether a sentence is about nobody and nothing that the others name, so that only one answers the question."""

    def named(told: Clause) -> set[str]:
        names = {told.agent, told.object} - {""}
        return names.union(*map(synonyms, names))

    def colour(told: Clause) -> set[str]:
        return {told.quality} - {""}

    own = {clause.agent, clause.object}
    return all(own.isdisjoint(named(other)) and colour(clause).isdisjoint(colour(other)) for other in context)
