"""Tasks as a study reads them, with errors that say where the study names them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xstilts import perturbations, tasks
from xstilts.errors import ConfigError
from xstilts.study.model import Text
from xstilts.training import methods

# Around a pair of texts, in XLM-R; BERT has one less.
SPECIAL_TOKENS = 4


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

    def check_training(
        self,
        names: Iterable[str],
        training: Mapping[str, Any],
        own: Iterable[str],
        where: str,
        spoken: Iterable[str] = (),
    ) -> None:
        """Check a recipe's method and its options, and what lengths and noise ask of the tasks it is trained on.

        Args:
            names: those tasks.
            training: the recipe's settings.
            own: which of them it gives itself; the others are the study's.
            where: the recipe.
            spoken: in which languages those of them are read that have no English rows.

        Raises:
            ConfigError: a method or an option is unknown, methods do not go together, noise is not defined for a task,
                or a question may fill a window.
        """
        found = [self(name, where) for name in names]
        keys = {"method", "options"}
        try:
            for settings in methods.resolve(training["method"], training["options"]):
                if "perturbation" in settings:
                    _check_noise(settings["perturbation"], found, spoken)
            keys = {"max_length", "max_question_length"}
            if any(task.type == "span_qa" for task in found):
                _check_lengths(training)
        except ConfigError as error:
            stands = f"{where}.training" if keys & set(own) else "training"
            raise ConfigError(f"{self.origin}: {stands}: {error}") from None

    def text(self, value: Mapping[str, Any], training: Mapping[str, Any], where: str) -> Text | None:
        """The unlabelled sentences that a recipe's method wants.

        Raises:
            ConfigError: text is missing, not wanted, or not there in a language.
        """
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


def _check_noise(name: str, trained: Iterable[tasks.Task], spoken: Iterable[str]) -> None:
    """Check that a perturbation needs nothing that a recipe cannot give, and is defined for all rows it would meet."""
    perturbation = perturbations.configured({name: 1.0})
    for task in trained:
        if task.type == "mlm":
            continue
        if task.type not in perturbation.task_types:
            raise ConfigError(
                f"perturbation {name!r} is not defined for {task.type} tasks such as {task.name}, "
                "whose labels it would break; name another"
            )
        for language in ["en"] if _english(task) else spoken:
            perturbation.check(language)


def _check_lengths(training: Mapping[str, Any]) -> None:
    """Check that the longest question leaves room for its context beside the special tokens."""
    question, whole = training["max_question_length"], training["max_length"]
    if question + SPECIAL_TOKENS >= whole:
        raise ConfigError(
            f"max_question_length {question} leaves no room for contexts in a max_length of {whole} tokens, of which "
            f"{SPECIAL_TOKENS} are special; raise max_length or lower max_question_length"
        )
