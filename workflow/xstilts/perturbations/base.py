"""What a perturbation is, and the unit it works on: the extended grapheme cluster (UAX #29).

A perturbation file declares one :class:`Perturbation` named ``PERTURBATION``. Most say where they may strike and what
they write there (:class:`Edits`, run by :mod:`xstilts.perturbations.edits`); others bring an ``apply`` of their own.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from xstilts import languages
from xstilts.errors import ConfigError
from xstilts.languages import LANGUAGES, Language
from xstilts.tasks.base import TASK_TYPES

Apply = Callable[[str, Language, float, Random], str]
Options = Mapping[str, Any]
Units = Sequence[str]
Span = tuple[int, int]

# The scripts of XTREME's and XTREME-R's languages (ISO 15924).
_SCRIPTS = "Arab Beng Cyrl Deva Geor Grek Gujr Guru Hans Hebr Jpan Kore Latn Mlym Mymr Taml Telu Thai"
ALL_SCRIPTS = frozenset(_SCRIPTS.split(" "))


@dataclass(frozen=True)
class Edits:
    """Where a perturbation may strike and what it writes there.

    Attributes:
        sites: ``sites(units, language)`` lists the half-open spans of clusters that it may rewrite, in order; they may
            overlap.
        rewrite: ``rewrite(units, span, language, choice)`` returns what takes the span's place: another text than the
            span's, chosen by ``choice``, which is uniform in [0, 1).
        rate: hits per site at strength 1, so that ``strength`` is the share of units touched: 0.5 where neighbouring
            sites share their clusters.
    """

    sites: Callable[[Units, Language], Sequence[Span]]
    rewrite: Callable[[Units, Span, Language, float], str]
    rate: float = 1.0


@dataclass(frozen=True)
class Option:
    """One setting that a condition may give a perturbation.

    Attributes:
        description: one line saying what it sets.
        values: what is allowed; empty where the perturbation checks the value itself.
        default: the value of a condition that does not set it; None where it has to.
        path: whether it names files: their content, not their place, is what the result depends on.
    """

    description: str
    values: tuple[str, ...] = ()
    default: str | None = None
    path: bool = False


@dataclass(frozen=True)
class Perturbation:
    """One way of corrupting text.

    Attributes:
        name: the word a study uses.
        scripts: ISO 15924 codes of the scripts it is defined for.
        description: one line saying what it does.
        source: the publication it follows, or where its table comes from.
        apply: ``apply(text, language, strength, generator)`` returns the perturbed text. It draws from the generator
            the same number of times whatever the strength, so that one seed gives nested noise: what is hit at one
            strength is hit at every higher one.
        unit: what ``strength`` is the rate of: ``cluster`` (grapheme clusters touched) or ``word`` (words hit).
        edits: where it may strike and what it writes, where it says so; mixtures and attacks need it.
        languages: ISO 639-1 codes it is defined for; None: every language written in one of ``scripts``.
        task_types: task types whose labels it leaves true.
        options: settings a condition may give, by name.
        configure: ``configure(options, resources)`` returns the perturbation with its options set, without reading a
            file; ``resources`` are paths that only the job knows.
        parts: of a mixture, the perturbations mixed.
        version: raise it when ``apply`` changes what it returns.
    """

    name: str
    scripts: frozenset[str]
    description: str
    source: str
    apply: Apply
    unit: str = "cluster"
    edits: Edits | None = None
    languages: frozenset[str] | None = None
    task_types: frozenset[str] = frozenset(TASK_TYPES)
    options: Mapping[str, Option] = field(default_factory=dict)
    configure: "Callable[[Options, Options], Perturbation] | None" = None
    parts: "tuple[Perturbation, ...]" = ()
    version: int = 1

    def defined_for(self, language: Language) -> bool:
        """Whether it is defined for a language."""
        named = self.languages is None or language.code in self.languages
        return named and language.script in self.scripts and all(part.defined_for(language) for part in self.parts)

    def check(self, language: str, task_type: str | None = None) -> Language:
        """The language with this ISO 639-1 code, if the perturbation is defined for it and for the type of task.

        Raises:
            ConfigError: the code is unknown, or the language or task type is not declared.
        """
        found = languages.get(language)
        for part in self.parts:
            part.check(language, task_type)
        if not self.defined_for(found):
            declared = " ".join(code for code, other in LANGUAGES.items() if self.defined_for(other))
            what = f"script {found.script}" if found.script not in self.scripts else f"only for {declared or 'none'}"
            raise ConfigError(
                f"perturbation {self.name!r} is not defined for {found.name} ({language}), {what}; leave that language"
                " out (languages: declared keeps those it is defined for)"
            )
        if task_type is not None and task_type not in self.task_types:
            raise ConfigError(
                f"perturbation {self.name!r} is not defined for {task_type} tasks, whose labels it would break; name"
                " the condition's targets without them"
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
