"""From a study file to a typed study; everything that can be wrong with it is found here."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from xstilts import languages, perturbations, robustness, tasks
from xstilts.errors import ConfigError
from xstilts.study.model import CLEAN, LEXICON, NONE, TRAIN, AttackPlan, Condition, Encoder, Intermediate, Study, Target
from xstilts.study.schema import validate


def load_study(path: Path) -> Study:
    """Read, validate and expand a study file.

    Raises:
        ConfigError: the file is missing, is not YAML, or says something that is not allowed.
    """
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such study file") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: a study file is a mapping of keys; see config.yaml")
    return parse_study(config, str(path))


def parse_study(config: Mapping[str, Any], origin: str = "config") -> Study:
    """Build the typed study from a parsed configuration.

    Args:
        config: the mapping a study file holds.
        origin: what to call it in messages.

    Raises:
        ConfigError: on the first thing that is not allowed.
    """
    raw = validate(dict(config), origin)
    encoders = {name: _encoder(name, value, origin) for name, value in raw["encoders"].items()}
    defaults = raw["training"]
    intermediate = {n: _intermediate(n, value, defaults, origin) for n, value in raw["intermediate"].items()}
    targets = {n: _target(n, value, defaults, origin) for n, value in raw["targets"].items()}
    conditions = {n: _condition(n, value, targets, origin) for n, value in raw["conditions"].items()}
    study = Study(
        name=raw["study"],
        title=raw["title"] or raw["study"],
        description=raw["description"],
        results=raw["results"],
        data_dir=raw["data_dir"],
        seeds=tuple(raw["seeds"]),
        encoders=MappingProxyType(encoders),
        intermediate=MappingProxyType(intermediate),
        targets=MappingProxyType(targets),
        conditions=MappingProxyType({CLEAN: _clean(targets)} | conditions),
        evaluation=MappingProxyType(raw["evaluation"]),
        questions=MappingProxyType(raw["questions"]),
        figures=MappingProxyType(raw["figures"]),
    )
    for name, question in study.questions.items():
        _check_question(name, question, study, origin)
    return study


def check_data_dir(study: Study) -> None:
    """Check, before a study runs, that the folder of benchmark files it reads is there; a plan needs none.

    Raises:
        ConfigError: a task reads files and ``data_dir`` is not set or not a folder.
    """
    needing = sorted(name for name in study.task_names() if tasks.get(name).source == "data_dir")
    if needing and (study.data_dir is None or not Path(study.data_dir).is_dir()):
        found = "is not set" if study.data_dir is None else f"{study.data_dir} is not a folder"
        raise ConfigError(
            f"data_dir {found}, and task {needing[0]} reads files; name the folder that XTREME's download script filled"
            " (--config data_dir=DIR)"
        )


def _encoder(name: str, value: dict[str, Any], origin: str) -> Encoder:
    options = {key: option for key, option in value.items() if key not in ("kind", "resources")}
    if value["kind"] == "mini":
        if options["hidden_size"] % options["heads"]:
            raise ConfigError(f"{origin}: encoders.{name}: hidden_size must be a multiple of heads; change one of them")
        if options["vocabulary"] != "full":
            for task in options["vocabulary"]:
                _task(task, f"encoders.{name}.vocabulary", origin)
    fallback = {"threads": 1, "gpus": 0 if value["kind"] == "mini" else 1, "mem_mb": 4000, "runtime": 120}
    return Encoder(name, value["kind"], MappingProxyType(options), MappingProxyType(fallback | value["resources"]))


def _intermediate(name: str, value: dict[str, Any], defaults: dict[str, Any], origin: str) -> Intermediate:
    where = f"intermediate.{name}"
    names = tuple(value.get("tasks", ()))
    if (name == NONE) != (not names):
        mend = "`none` has no tasks" if names else "name its tasks"
        raise ConfigError(f"{origin}: {where}: {mend}; `none: {{}}` is direct fine-tuning")
    _trainable(names, where, origin)
    return Intermediate(name, names, MappingProxyType(defaults | value["training"]))


def _target(name: str, value: dict[str, Any], defaults: dict[str, Any], origin: str) -> Target:
    where = f"targets.{name}"
    task = _task(value["task"], f"{where}.task", origin)
    available = task.languages.get("test", ())
    if not available:
        raise ConfigError(
            f"{origin}: {where}.task: {task.name} has no test rows; name it under `train` of another target"
        )
    wanted = available if value["languages"] == "all" else tuple(value["languages"])
    for language in wanted:
        if language not in available:
            raise ConfigError(
                f"{origin}: {where}.languages: task {task.name} has no {language!r}; it has: {' '.join(available)}"
            )
    train: tuple[str, ...] = ()
    if task.type != "retrieval":
        train = tuple(value.get("train", (task.name,)))
        _trainable(train, f"{where}.train", origin)
        for other in train:
            if tasks.get(other).type != task.type or tasks.get(other).labels != task.labels:
                raise ConfigError(f"{origin}: {where}.train: {other} differs from {task.name} in type or labels")
    elif "train" in value:
        raise ConfigError(f"{origin}: {where}.train: a retrieval target is not fine-tuned; remove it")
    return Target(name, task.name, train, wanted, MappingProxyType(defaults | value["training"]), value["layer"])


def _clean(targets: Mapping[str, Target]) -> Condition:
    return Condition(CLEAN, languages=MappingProxyType({name: target.languages for name, target in targets.items()}))


def _condition(name: str, value: dict[str, Any], targets: Mapping[str, Target], origin: str) -> Condition:
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
        attack, weights = _attack(value) if "attack" in value else (None, value.get("mixture"))
        weights = weights or {value["perturbation"]: 1.0}
        perturbation = perturbations.configured(weights, value["options"])
        scored = {
            target: _spoken(perturbation, targets[target], value["languages"], value["options"]) for target in applied
        }
        if attack is not None:
            for target in applied:
                robustness.get(attack.name).check(tasks.get(targets[target].task).type)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    strength = float(value["strength"]) if attack is None else float(attack.edits)
    return Condition(name, weights, strength, value["options"], MappingProxyType(scored), attack)


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


def _spoken(
    perturbation: perturbations.Perturbation, target: Target, wanted: Any, options: Mapping[str, Any]
) -> tuple[str, ...]:
    """The languages of a target scored under a condition, each checked to be declared."""
    task = tasks.get(target.task)
    if options.get("parallel") == task.name:
        raise ConfigError(
            f"target {target.name} would be switched by a lexicon learned from its own test rows; name the condition's"
            " targets without it, or other parallel data"
        )
    if wanted == "declared":
        spoken = tuple(code for code in target.languages if perturbation.defined_for(languages.get(code)))
    elif wanted == "all":
        spoken = target.languages
    else:
        spoken = tuple(code for code in target.languages if code in {languages.get(code).code for code in wanted})
    if not spoken:
        raise ConfigError(f"target {target.name} has none of its languages; name the condition's targets without it")
    for language in spoken:
        perturbation.check(language, task.type)
    return spoken


def known(values: Iterable[str], among: Iterable[str], where: str) -> None:
    """Check that names are among those there are.

    Raises:
        ConfigError: one is not; the message suggests the nearest.
    """
    for value in values:
        if value not in among:
            near = difflib.get_close_matches(value, list(among), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the study has: {', '.join(among)}"
            raise ConfigError(f"{where}: unknown {value!r}; {hint}")


def _check_question(name: str, question: Mapping[str, Any], study: Study, origin: str) -> None:
    where = f"{origin}: questions.{name}"
    known([question["baseline"], *question["levels"]], study.intermediate, f"{where}.levels")
    known([question["condition"]], study.conditions, f"{where}.condition")
    known(question["targets"] or (), study.targets, f"{where}.targets")
    scored = study.conditions[question["condition"]].languages
    for target in question["targets"] or study.targets:
        if target not in scored:
            raise ConfigError(
                f"{where}.targets: {target} is not scored under {question['condition']}; name those that are:"
                f" {', '.join(scored)}"
            )
    if question["outcome"] != "score" and question["condition"] == CLEAN:
        raise ConfigError(f"{where}.condition: a drop is measured under a condition other than clean")


def _trainable(names: Iterable[str], where: str, origin: str) -> None:
    found = [_task(name, where, origin) for name in names]
    for task in found:
        if "en" not in task.languages.get("train", ()):
            raise ConfigError(f"{origin}: {where}: task {task.name} has no English training rows; name another")
        if task.type != found[0].type or task.labels != found[0].labels:
            raise ConfigError(
                f"{origin}: {where}: {found[0].name} and {task.name} need different heads; use one kind of task"
            )


def _task(name: str, where: str, origin: str) -> tasks.Task:
    try:
        return tasks.get(name)
    except ConfigError as error:
        raise ConfigError(f"{origin}: {where}: {error}") from None
