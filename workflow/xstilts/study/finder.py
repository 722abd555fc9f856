"""Tasks as a study reads them, with errors that say where the study names them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xstilts import perturbations, tasks
from xstilts.errors import ConfigError
from xstilts.study.model import Text
from xstilts.training import methods


class Finder:
    """Looks tasks up in the edition that a study reads.

    Args:
        raw: the completed configuration.
        origin: what to call it in messages.

    Attributes:
        layers: how many each encoder has, of those whose study says it.
    """

    def __init__(self, raw: Mapping[str, Any], origin: str) -> None:
        self.origin = origin
        self._source, self._sources = raw["source"], raw["sources"]
        self.layers = {name: found["layers"] for name, found in raw["encoders"].items() if "layers" in found}
        self._data_dir = Path(raw["data_dir"]) if raw["data_dir"] else None
        for name in self._sources:
            self(name, f"sources.{name}")

    def __call__(self, name: str, where: str) -> tasks.Task:
        """The task called ``name``.

        Raises:
            ConfigError: there is none, or not in the study's edition.
        """
        try:
            return tasks.choose(name, self._sources.get(name, self._source), self._data_dir)
        except ConfigError as error:
            raise ConfigError(f"{self.origin}: {where}: {error}") from None

    def foreign(self, name: str, spoken: tuple[str, ...], where: str) -> bool:
        """Whether a task is read in the recipe's ``text_languages``: unlabelled text, or no English training rows.

        Raises:
            ConfigError: it is, and they are not named or not all there.
        """
        task = self(name, f"{where}.tasks")
        found = task.languages.get("train", ())
        if not found or (task.type != "mlm" and "en" in found):
            return False
        if not spoken:
            raise ConfigError(f"{self.origin}: {where}: {name} is read in other languages; name them in text_languages")
        self._has(task, spoken, f"{where}.text_languages")
        return True

    def trainable(self, names: Iterable[str], where: str) -> list[tasks.Task]:
        """Tasks that have English training rows.

        Raises:
            ConfigError: one has none; the message names those of its type and labels that have.
        """
        found = [self(name, where) for name in names]
        for task in found:
            if not _english(task):
                raise ConfigError(
                    f"{self.origin}: {where}: task {task.name} has no English training rows; name another"
                    + (f": {', '.join(alike(task))}" if alike(task) else "")
                )
        return found

    def text(self, value: Mapping[str, Any], training: Mapping[str, Any], where: str) -> Text | None:
        """The unlabelled sentences that a recipe's method wants; the method and its options are checked on the way.

        Raises:
            ConfigError: a method or an option is unknown, methods do not go together, or text is missing, not wanted,
                or not there in a language.
        """
        try:
            for settings in methods.resolve(training["method"], training["options"]):
                if "perturbation" in settings:
                    perturbations.get(settings["perturbation"]).check("en")
        except ConfigError as error:
            own = f"{where}.training" if {"method", "options"} & set(value["training"]) else "training"
            raise ConfigError(f"{self.origin}: {own}: {error}") from None
        wanting = [method.name for method in methods.parse(training["method"]) if method.needs_text]
        if "text" not in value:
            if wanting:
                mend = "add text: {task: a task of type mlm}"
                raise ConfigError(f"{self.origin}: {where}: method {wanting[0]} wants unlabelled text; {mend}")
            return None
        if not wanting:
            method = training["method"]
            raise ConfigError(f"{self.origin}: {where}.text: method {method} does not use unlabelled text; remove it")
        task = self(value["text"]["task"], f"{where}.text.task")
        if task.type != "mlm":
            raise ConfigError(
                f"{self.origin}: {where}.text.task: {task.name} is of type {task.type}; name a task of type mlm"
            )
        named = value["text"]["languages"]
        languages = task.languages["train"] if named == "all" else tuple(named)
        self._has(task, languages, f"{where}.text.languages")
        return Text(task.name, tuple(languages), value["text"]["examples"])

    def _has(self, task: tasks.Task, named: Iterable[str], where: str) -> None:
        there = task.languages.get("train", ())
        for language in named:
            if language not in there:
                has = f"task {task.name} has no {language!r}; it has: {' '.join(there)}"
                raise ConfigError(f"{self.origin}: {where}: {has}")


def alike(task: tasks.Task) -> list[str]:
    """Tasks of the same type and labels that have English training rows."""
    known = tasks.registry().values()
    return [each.name for each in known if (each.type, each.labels) == (task.type, task.labels) and _english(each)]


def _english(task: tasks.Task) -> bool:
    return "en" in task.languages.get("train", ())
