"""Parts of a comparison that an answer is also given for: targets, and groups of languages."""

from collections.abc import Sequence
from typing import NamedTuple

from xstilts.errors import ConfigError
from xstilts.languages import Language, get

ALL = "all"


class Slice(NamedTuple):
    """Some targets in some languages.

    Attributes:
        name: ``all``, or kind and value: ``target=xnli``, ``family=Turkic``, ``script=Cyrl``, ``distance=2``,
            ``language=th``.
    """

    name: str
    targets: tuple[str, ...]
    languages: tuple[str, ...]


def slices(targets: Sequence[str], languages: Sequence[str]) -> list[Slice]:
    """Everything together, each target, family, script and distance to English that sets two languages or more apart,
    and each language.
    """
    found = [Slice(ALL, tuple(targets), tuple(languages))]
    found += [Slice(f"target={target}", (target,), tuple(languages)) for target in targets]
    for kind in ("family", "script", "distance"):
        groups: dict[str, list[str]] = {}
        for code in languages:
            groups.setdefault(_group(kind, code), []).append(code)
        found += [
            Slice(f"{kind}={value}", tuple(targets), tuple(codes))
            for value, codes in sorted(groups.items())
            if 1 < len(codes) < len(languages)
        ]
    return found + [Slice(f"language={code}", tuple(targets), (code,)) for code in languages]


def _group(kind: str, code: str) -> str:
    try:
        language: Language = get(code)
    except ConfigError:
        return "unknown"
    return {"family": language.family, "script": language.script, "distance": str(language.distance_to_english)}[kind]
