"""What a recipe trains on and by which method, checked before anything runs."""

from collections.abc import Mapping
from typing import Any

from xstilts import perturbations, tasks
from xstilts.errors import ConfigError
from xstilts.study.model import Text
from xstilts.training import methods


def trainable(name: str, where: str) -> tasks.Task:
    """A task that a recipe may train on.

    Raises:
        ConfigError: it is unknown, or has no training rows in English (unlabelled text may be in any language).
    """
    try:
        task = tasks.get(name)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    if "train" not in task.languages or (task.type != "mlm" and "en" not in task.languages["train"]):
        raise ConfigError(f"{where}: task {task.name} has no English training rows; name another")
    return task


def text_languages(recipe: Mapping[str, Any], found: list[tasks.Task], where: str) -> tuple[str, ...]:
    """The languages of a recipe's mlm tasks: those it names, or all that all of them have.

    Raises:
        ConfigError: there is no mlm task, or one lacks a language.
    """
    texts = [task for task in found if task.type == "mlm"]
    if not texts:
        if "text_languages" in recipe:
            raise ConfigError(
                f"{where}.text_languages: none of the tasks is unlabelled text; remove it, or name an mlm task"
            )
        return ()
    named = recipe.get("text_languages")
    if named is None:
        shared = set.intersection(*(set(task.languages["train"]) for task in texts))
        return tuple(sorted(shared))
    for task in texts:
        _has_languages(task, named, f"{where}.text_languages")
    return tuple(named)


def unlabelled(value: Mapping[str, Any], training: Mapping[str, Any], where: str) -> Text | None:
    """The unlabelled sentences that a recipe's method wants; checks the method on the way.

    Raises:
        ConfigError: a method or an option of one is unknown, methods do not go together, or text is missing, not
            wanted, or not there in a language.
    """
    try:
        resolved = methods.resolve(training["method"], training["options"])
        for settings in resolved:
            if "perturbation" in settings:
                perturbations.get(settings["perturbation"]).check("en")
    except ConfigError as error:
        raise ConfigError(f"{where}.training: {error}") from None
    wanting = [method.name for method in methods.parse(training["method"]) if method.needs_text]
    if "text" not in value:
        if wanting:
            raise ConfigError(f"{where}: method {wanting[0]} wants unlabelled text; add text: {{task: an mlm task}}")
        return None
    if not wanting:
        raise ConfigError(f"{where}.text: method {training['method']} does not use unlabelled text; remove it")
    text = value["text"]
    task = trainable(text["task"], f"{where}.text.task")
    if task.type != "mlm":
        raise ConfigError(f"{where}.text.task: {task.name} is of type {task.type}; name a task of type mlm")
    languages = task.languages["train"] if text["languages"] == "all" else tuple(text["languages"])
    _has_languages(task, languages, f"{where}.text.languages")
    return Text(task.name, tuple(languages), text["examples"])


def _has_languages(task: tasks.Task, named: Any, where: str) -> None:
    for language in named:
        if language not in task.languages["train"]:
            raise ConfigError(
                f"{where}: task {task.name} has no {language!r}; it has: {' '.join(task.languages['train'])}"
            )
