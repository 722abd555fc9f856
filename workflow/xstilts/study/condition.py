"""The conditions of a study: perturbations, mixtures of them, and attacks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from xstilts import languages, perturbations, robustness, tasks
from xstilts.errors import ConfigError
from xstilts.study.model import CLEAN, LEXICON, TRAIN, AttackPlan, Condition, Target
from xstilts.study.question import known


def clean(targets: Mapping[str, Target]) -> Condition:
    """Inputs as they are, for every target in all of its languages."""
    return Condition(CLEAN, languages=MappingProxyType({name: target.languages for name, target in targets.items()}))


def condition(name: str, value: dict[str, Any], targets: Mapping[str, Target], origin: str) -> Condition:
    """The condition called ``name``.

    Raises:
        ConfigError: its keys do not go together, or it is not defined for a target or a language that it names.
    """
    where = f"{origin}: conditions.{name}"
    if name in (CLEAN, TRAIN, LEXICON):
        raise ConfigError(f"{where}: the name is taken; choose another")
    if sum(key in value for key in ("perturbation", "mixture", "attack")) != 1:
        raise ConfigError(f"{where}: give one of perturbation, mixture and attack")
    if ("strength" in value) == ("attack" in value):
        mend = (
            "an attack has a budget, no strength; remove it"
            if "attack" in value
            else "key 'strength' is missing; add it"
        )
        raise ConfigError(f"{where}: {mend}")
    applied = targets if value["targets"] is None else value["targets"]
    known(applied, targets, f"{where}.targets")
    try:
        attack, weights = _attack(value) if "attack" in value else (None, _weights(value))
        scored = {
            target: spoken_under(value, targets[target].task, targets[target].languages, f"target {target}", "targets")
            for target in applied
        }
        if attack is not None:
            for target in applied:
                robustness.get(attack.name).check(tasks.get(targets[target].task).type)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    strength = float(value["strength"]) if attack is None else float(attack.edits)
    return Condition(name, weights, strength, value["options"], MappingProxyType(scored), attack)


def _weights(value: Mapping[str, Any]) -> dict[str, float]:
    """The perturbations of a condition, an attack's own included, and how often each is taken."""
    if "attack" in value:
        return _attack(value)[1]
    return value.get("mixture") or {value["perturbation"]: 1.0}


def _attack(value: Mapping[str, Any]) -> tuple[AttackPlan, dict[str, float]]:
    """An attack's plan, and what it may do to texts."""
    found = robustness.get(value["attack"])
    if found.fixed and "perturbations" in value:
        raise ConfigError(f"attack {found.name!r} has its own perturbation; remove key 'perturbations'")
    names = value.get("perturbations", found.perturbations)
    for name in names:
        if perturbations.get(name).edits is None:
            raise ConfigError(f"perturbation {name!r} is a mixture itself; name its operations instead")
    plan = AttackPlan(found.name, value["budget"]["edits"], value["budget"]["queries"], value["examples"])
    return plan, dict.fromkeys(names, 1.0)


def spoken_under(
    condition: Mapping[str, Any], task_name: str, available: tuple[str, ...], reader: str, key: str
) -> tuple[str, ...]:
    """The languages, of those available to a reader of test rows, under a condition; each checked to be declared.

    ``key`` of the study says which readers a condition has.
    """
    task = tasks.get(task_name)
    options, wanted = condition["options"], condition["languages"]
    perturbation = perturbations.configured(_weights(condition), options)
    mend = "name the condition's targets without it" if key == "targets" else "name alignment.conditions without it"
    if options.get("parallel") == task.name:
        raise ConfigError(
            f"{reader} would be switched by a lexicon learned from its own test rows; {mend}, or other parallel data"
        )
    if wanted == "declared":
        spoken = tuple(code for code in available if perturbation.defined_for(languages.get(code)))
    elif wanted == "all":
        spoken = available
    else:
        spoken = tuple(code for code in available if code in {languages.get(code).code for code in wanted})
    if not spoken:
        raise ConfigError(f"{reader} has none of its languages; {mend}")
    for language in spoken:
        perturbation.check(language, task.type)
    return spoken
