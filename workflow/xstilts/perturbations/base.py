"""What a perturbation is, and the unit it works on: the extended grapheme cluster (UAX #29).

A perturbation file declares one :class:`Perturbation` named ``PERTURBATION``.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from xstilts import languages
from xstilts.errors import ConfigError
from xstilts.languages import Language

Apply = Callable[[str, Language, float, Random], str]


@dataclass(frozen=True)
class Perturbation:
    """One way of corrupting text.

    Attributes:
        name: the word a study uses.
        scripts: ISO 15924 codes of the scripts it is defined for.
        description: one line saying what it does.
        source: the publication it follows.
        apply: ``apply(text, language, strength, generator)`` returns the perturbed text. It draws from the generator
            the same number of times whatever the strength, so that one seed gives nested noise: what is hit at one
            strength is hit at every higher one.
        version: raise it when ``apply`` changes what it returns.
    """

    name: str
    scripts: frozenset[str]
    description: str
    source: str
    apply: Apply
    version: int = 1

    def check(self, language: str) -> Language:
        """The language with this ISO 639-1 code, if the perturbation is defined for its script.

        Raises:
            ConfigError: the code is unknown, or the language's script is not declared.
        """
        found = languages.get(language)
        if found.script not in self.scripts:
            raise ConfigError(
                f"perturbation {self.name!r} is not defined for {found.name} ({language}), script {found.script};"
                f" leave that language out or use one written in {' '.join(sorted(self.scripts))}"
            )
        return found


def clusters(text: str) -> list[str]:
    """Split a text into its extended grapheme clusters; joined again they give the text."""
    if text.isascii() and "\r" not in text:  # the only ASCII cluster of two characters is CR LF
        return list(text)
    found: list[str] = _cluster_pattern().findall(text)
    return found


def edit_distance(original: Sequence[str], perturbed: Sequence[str]) -> int:
    """Levenshtein distance between two sequences of grapheme clusters."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(original, perturbed)


def edit_rate(original: str, perturbed: str) -> float:
    """Levenshtein distance over grapheme clusters divided by the number of clusters of the original (0 if empty)."""
    units = clusters(original)
    return edit_distance(units, clusters(perturbed)) / len(units) if units else 0.0


@functools.cache
def _cluster_pattern() -> Any:
    import regex

    return regex.compile(r"\X")
