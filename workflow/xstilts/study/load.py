"""From a study file to a typed study; everything that can be wrong with it is found here."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from xstilts import perturbations, tasks
from xstilts.errors import ConfigError
from xstilts.study.model import CLEAN, NONE, TRAIN, Condition, Encoder, Intermediate, Study, Target
from xstilts.study.schema import validate
from xstilts.study.training import text_languages, trainable, unlabelled


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
        conditions=MappingProxyType({CLEAN: Condition(CLEAN)} | conditions),
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
    training = defaults | value["training"]
    here = f"{origin}: {where}"
    languages = text_languages(value, [trainable(task, f"{here}.tasks") for task in names], here)
    text = unlabelled(value, training, here) if names else None
    sampling = MappingProxyType(value["sampling"]) if "sampling" in value else None
    return Intermediate(name, names, MappingProxyType(training), sampling, languages, text)


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
        for other in train:
            found = trainable(other, f"{origin}: {where}.train")
            if found.type != task.type or found.labels != task.labels:
                raise ConfigError(f"{origin}: {where}.train: {other} differs from {task.name} in type or labels")
    elif "train" in value:
        raise ConfigError(f"{origin}: {where}.train: a retrieval target is not fine-tuned; remove it")
    training = defaults | value["training"]
    text = unlabelled(value, training, f"{origin}: {where}") if train else None
    return Target(name, task.name, train, wanted, MappingProxyType(training), value["layer"], text)


def _condition(name: str, value: dict[str, Any], targets: Mapping[str, Target], origin: str) -> Condition:
    if name in (CLEAN, TRAIN):
        raise ConfigError(f"{origin}: conditions.{name}: the name is taken; choose another")
    try:
        perturbation = perturbations.get(value["perturbation"])
        for target in targets.values():
            for language in target.languages:
                perturbation.check(language)
    except ConfigError as error:
        raise ConfigError(f"{origin}: conditions.{name}: {error}") from None
    return Condition(name, perturbation.name, float(value["strength"]))


def _check_question(name: str, question: Mapping[str, Any], study: Study, origin: str) -> None:
    def known(values: Iterable[str], among: Iterable[str], key: str) -> None:
        for value in values:
            if value not in among:
                near = difflib.get_close_matches(value, list(among), n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"the study has: {', '.join(among)}"
                raise ConfigError(f"{origin}: questions.{name}.{key}: unknown {value!r}; {hint}")

    known([question["baseline"], *question["levels"]], study.intermediate, "levels")
    known([question["condition"]], study.conditions, "condition")
    known(question["targets"] or (), study.targets, "targets")
    if question["outcome"] != "score" and question["condition"] == CLEAN:
        raise ConfigError(
            f"{origin}: questions.{name}.condition: a drop is measured under a condition other than clean"
        )


def _task(name: str, where: str, origin: str) -> tasks.Task:
    try:
        return tasks.get(name)
    except ConfigError as error:
        raise ConfigError(f"{origin}: {where}: {error}") from None
