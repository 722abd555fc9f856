"""What an attack is: a search that asks for candidates to be tried and is told how each did.

A search is a generator. It yields lists of :class:`Candidate` (or :data:`GRADIENT`), and is sent back how far each one
took the model from the right answer. It never sees the model: the engine runs the searches of many examples at once and
puts their candidates through the model together. An attack file declares one :class:`Attack` named ``ATTACK``.
"""

import functools
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from xstilts.errors import ConfigError
from xstilts.languages import Language
from xstilts.perturbations import Perturbation
from xstilts.perturbations._letters import words
from xstilts.perturbations.base import clusters
from xstilts.tasks.base import RETRIEVAL_TYPES

# A place in an example: number of the text, first cluster, and the one after the last.
Place = tuple[int, int, int]
# What takes the place of what: places do not overlap.
Candidate = Mapping[Place, str]
# What a search yields to be sent a function that estimates a candidate's effect from the gradient.
GRADIENT = "gradient"
Search = Generator[list[Candidate] | str, Any, None]


@dataclass(frozen=True)
class Budget:
    """What an attack may spend on one example: rewritten places, and texts shown to the model."""

    edits: int
    queries: int


@dataclass(frozen=True)
class Case:
    """One example under attack.

    Attributes:
        texts: what may be changed, cut into grapheme clusters, in the order of the row's fields.
        language: of the texts.
        perturbations: what may be done to them.
        blank: a text that stands for a word taken away: the tokenizer's unknown token.
        budget: of this example.
        random: its private generator.
        loss: how far the model is from the right answer on the clean texts; an edit helps that takes it further.
    """

    texts: tuple[tuple[str, ...], ...]
    language: Language
    perturbations: tuple[Perturbation, ...]
    blank: str
    budget: Budget
    random: Random
    loss: float

    @classmethod
    def of(cls, texts: Sequence[str], *rest: Any) -> "Case":
        """A case of plain texts."""
        return cls(tuple(tuple(clusters(text)) for text in texts), *rest)

    @functools.cached_property
    def words(self) -> list[Place]:
        """The words of all texts (of scripts without spaces: pieces of a few clusters)."""
        return [
            (number, start, stop)
            for number, units in enumerate(self.texts)
            for start, stop in words(units, self.language)
        ]

    def rewritings(self, place: Place, count: int) -> list[Candidate]:
        """Up to ``count`` single edits inside a place, spread evenly over the perturbations, in a random order."""
        number, first, last = place
        units = self.texts[number][first:last]
        found: dict[tuple[Place, str], None] = {}
        for perturbation in self.perturbations:
            assert perturbation.edits is not None
            sites = list(perturbation.edits.sites(units, self.language))
            share = -(-count // len(self.perturbations))
            for span in self.random.sample(sites, min(share, len(sites))):
                text = perturbation.edits.rewrite(units, span, self.language, self.random.random())
                found[(number, first + span[0], first + span[1]), text] = None
        return [{place: text} for place, text in list(found)[:count]]


@dataclass(frozen=True)
class Attack:
    """One way of searching.

    Attributes:
        name: the word a study uses.
        description: one line saying what it does.
        source: the publication it follows.
        search: the generator function.
        perturbations: what it does to texts unless a condition says otherwise.
        fixed: whether a condition may not say otherwise.
        version: raise it when the search, or what it is told, changes.
    """

    name: str
    description: str
    source: str
    search: Callable[[Case], Search]
    perturbations: tuple[str, ...] = ("char_swap", "char_delete", "char_insert", "char_substitute")
    fixed: bool = False
    version: int = 1

    def check(self, task_type: str) -> None:
        """Check that the attack is defined for a type of task.

        Raises:
            ConfigError: it is not.
        """
        if task_type in RETRIEVAL_TYPES:
            raise ConfigError(
                f"attack {self.name!r} is not defined for retrieval, which no checkpoint is fine-tuned for; name the"
                " condition's targets without it"
            )


def merged(one: Candidate, other: Candidate) -> Candidate | None:
    """Both candidates' edits together, or None if they overlap."""
    for number, start, stop in other:
        if any(number == n and start < b and a < stop for n, a, b in one):
            return None
    return {**one, **other}
