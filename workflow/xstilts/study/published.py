"""Published results that a study names, to stand beside what it reaches."""

from collections.abc import Mapping, Sequence
from typing import Any

from xstilts import languages
from xstilts.errors import ConfigError
from xstilts.study.finder import Finder
from xstilts.study.model import Encoder, Intermediate, Target
from xstilts.study.question import known
from xstilts.tasks.benchmarks import benchmark


def published_scores(
    entries: Sequence[Mapping[str, Any]],
    encoders: Mapping[str, Encoder],
    intermediate: Mapping[str, Intermediate],
    targets: Mapping[str, Target],
    find: Finder,
) -> tuple[dict[str, Any], ...]:
    """One result per target and metric of each entry of the key ``published``.

    Returns:
        ``source``, ``model``, ``encoder``, ``intermediate`` (None: no recipe of the study stands for it), ``target``,
        ``metric``, ``score`` (in percent, a mean over languages), ``by_language`` (None where only the mean is
        published), ``languages`` (None where nobody says which), ``edition`` and ``note``.

    Raises:
        ConfigError: an entry names something the study has not, or languages that do not go with its scores.
    """
    found = []
    for place, entry in enumerate(entries):
        where = f"{find.origin}: published.{place}"
        encoder, recipe = entry.get("encoder"), entry.get("intermediate")
        if encoder is None and len(encoders) > 1:
            raise ConfigError(f"{where}: add encoder, the one whose scores it stands beside: {', '.join(encoders)}")
        known([] if encoder is None else [encoder], encoders, f"{where}.encoder")
        known([] if recipe is None else [recipe], intermediate, f"{where}.intermediate")
        known(entry["scores"], targets, f"{where}.scores")
        for target, values in entry["scores"].items():
            if recipe is not None and not intermediate[recipe].leads_to(target):
                raise ConfigError(f"{where}.scores: recipe {recipe} does not go on to {target}; leave it out")
            task = find(targets[target].task, f"{where}.scores")
            by_metric = values if isinstance(values, Mapping) else {task.metrics[0]: values}
            known(by_metric, task.metrics, f"{where}.scores.{target}")
            about = {"source": entry["source"], "model": entry["model"], "intermediate": recipe, "target": target}
            about |= {"encoder": encoder or next(iter(encoders))}
            about |= {key: entry.get(key, "") for key in ("edition", "note")}
            for metric, value in by_metric.items():
                spoken = f"{where}.scores.{target}.{metric}"
                found.append(about | {"metric": metric} | _score(value, entry.get("languages"), task.name, spoken))
    return tuple(found)


def _score(value: Any, named: Any, task: str, where: str) -> dict[str, Any]:
    """The score, and which languages it is of: a benchmark's, a list, or those that it is given for one by one."""
    if isinstance(value, Mapping):
        _known_languages(value, where)
        return {"score": sum(value.values()) / len(value), "by_language": dict(value), "languages": list(value)}
    if isinstance(named, str):
        try:
            expanded = benchmark(named)
        except ConfigError as error:
            raise ConfigError(f"{where}: languages: {error}") from None
        if task not in expanded:
            raise ConfigError(f"{where}: languages: {named} has no {task}; list the languages of its score")
        named = expanded[task]["languages"]
    _known_languages(named or (), where)
    return {"score": float(value), "by_language": None, "languages": named and list(named)}


def _known_languages(codes: Sequence[str] | Mapping[str, Any], where: str) -> None:
    for code in codes:
        try:
            languages.get(code)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from None
