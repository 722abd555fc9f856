"""The study's parts and their expansion into runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xstilts import tasks
from xstilts.errors import ConfigError
from xstilts.models.mini import COVERED_LANGUAGES
from xstilts.tasks.base import MULTILINGUAL, POOL, RETRIEVAL_TYPES

CLEAN = "clean"
TRAIN = "train"
LEXICON = "lexicon"
NONE = "none"
PRETRAINED = "pretrained"


@dataclass(frozen=True)
class Encoder:
    """The pretrained multilingual model that every arm starts from.

    Attributes:
        options: the encoder's own settings as the study gives them, without its resources.
        resources: ``threads``, ``gpus``, ``mem_mb`` and ``runtime`` (minutes) of one of its jobs, and ``max_runtime``.
    """

    name: str
    kind: str
    options: Mapping[str, Any]
    resources: Mapping[str, int]

    @property
    def covered_languages(self) -> list[str] | None:
        """Languages the encoder was pretrained on; None where that is not known."""
        if self.kind == "mini":
            return list(COVERED_LANGUAGES)
        covered = self.options["covered_languages"]
        return None if covered is None else list(covered)

    def need(self, resource: str, attempt: int) -> int:
        """What a job's attempt asks for, the first being 1: more each time.

        Time stops growing at ``max_runtime``: no partition takes a job for longer, and training goes on where it was.
        """
        first = self.resources[resource]
        if resource == "runtime":
            return min(first * attempt, max(first, self.resources["max_runtime"]))
        return first * attempt


@dataclass(frozen=True)
class Text:
    """Unlabelled sentences that a method wants: of which task and languages, at most how many of each."""

    task: str
    languages: tuple[str, ...]
    examples: int | None


@dataclass(frozen=True)
class Intermediate:
    """What happens before the target task; without tasks it is direct fine-tuning.

    Attributes:
        sampling: how a step chooses its task; None pools tasks that share a head.
        text_languages: languages in which the tasks without English training rows are read.
        text: unlabelled sentences for its method.
        targets: the targets it goes on to; None for all.
    """

    name: str
    tasks: tuple[str, ...]
    training: Mapping[str, Any]
    sampling: Mapping[str, Any] | None = None
    text_languages: tuple[str, ...] = ()
    text: Text | None = None
    targets: tuple[str, ...] | None = None

    @property
    def direct(self) -> bool:
        """Whether nothing happens before the target task."""
        return not self.tasks

    @property
    def method(self) -> str:
        """How the intermediate run optimises; ``none`` where there is no such run."""
        return NONE if self.direct else str(self.training["method"])

    def leads_to(self, target: str) -> bool:
        """Whether the study has runs of this recipe and a target."""
        return self.targets is None or target in self.targets


@dataclass(frozen=True)
class Target:
    """A task fine-tuned on English and scored zero-shot in ``languages``.

    Attributes:
        search: how a retrieval target is searched: ``layer``, ``pooling``, ``sweep``, ``scoring``, ``k``,
            ``threshold``.
    """

    name: str
    task: str
    train: tuple[str, ...]
    languages: tuple[str, ...]
    training: Mapping[str, Any]
    search: Mapping[str, Any]
    text: Text | None = None

    @property
    def retrieval(self) -> bool:
        """Whether it reads representations instead of being fine-tuned."""
        return tasks.get(self.task).type in RETRIEVAL_TYPES


@dataclass(frozen=True)
class AttackPlan:
    """An attack as a condition has it.

    Attributes:
        name: of the attack.
        edits: places it may rewrite in an example.
        queries: texts it may show the model per example.
        examples: rows attacked per language; None: all that are scored.
    """

    name: str
    edits: int
    queries: int
    examples: int | None


@dataclass(frozen=True)
class Condition:
    """How test inputs are presented; without perturbations they are clean.

    Attributes:
        perturbations: names and weights; more than one are mixed, or are an attack's to choose from.
        strength: rate of what the perturbations strike at.
        options: the perturbations' settings, as the study gives them.
        languages: per target it applies to, the languages scored under it.
    """

    name: str
    perturbations: Mapping[str, float] = field(default_factory=dict)
    strength: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attack: AttackPlan | None = None

    @property
    def label(self) -> str | None:
        """What curves over strengths are drawn of: perturbations and their settings; None for clean inputs, attacks."""
        if self.attack is not None:
            return None
        settings = ", ".join(str(value) for value in self.options.values() if isinstance(value, str))
        return "+".join(self.perturbations) + (f" ({settings})" if settings else "") or None


@dataclass(frozen=True)
class Alignment:
    """Which representations are measured against each other, and how.

    Attributes:
        task: of type ``retrieval``, or parallel.
        languages: those beside English.
        measures: names of measures (:mod:`xstilts.analysis.measures`).
        pooling: how token states become a vector.
        checkpoints: ``pretrained``, ``intermediate`` and ``target``, or some of them.
        examples: sentence pairs per language, at most; None for all.
        max_length: tokens.
        conditions: per condition, the languages measured under it.
    """

    task: str
    languages: tuple[str, ...]
    measures: tuple[str, ...]
    pooling: str
    checkpoints: tuple[str, ...]
    examples: int | None
    max_length: int
    conditions: Mapping[str, tuple[str, ...]]

    def rows(self, condition: str) -> set[str]:
        """Languages whose test rows it reads under a condition; English ones where they are rows of their own."""
        english = {"en"} if condition == CLEAN and tasks.get(self.task).parallel else set()
        return english | set(self.conditions.get(condition, ()))


@dataclass(frozen=True)
class Study:
    """One study file, validated and completed."""

    name: str
    title: str
    description: str
    results: str
    data_dir: str | None
    source: str
    sources: Mapping[str, str]
    allow_unpinned: bool
    seeds: tuple[int, ...]
    encoders: Mapping[str, Encoder]
    intermediate: Mapping[str, Intermediate]
    targets: Mapping[str, Target]
    conditions: Mapping[str, Condition]
    evaluation: Mapping[str, Any]
    questions: Mapping[str, Mapping[str, Any]]
    figures: Mapping[str, Any]
    alignment: Alignment | None = None
    difficulty: tuple[str, ...] = ()
    published: tuple[Mapping[str, Any], ...] = ()

    def task(self, name: str) -> tasks.Task:
        """A task in the edition that the study reads."""
        return tasks.choose(name, self.sources.get(name, self.source), Path(self.data_dir) if self.data_dir else None)

    def training_languages(self, name: str) -> set[str]:
        """The languages in which a task is trained on: English, or those of the recipes that read it in others."""
        task = self.task(name)
        if task.type != "mlm" and "en" in task.languages.get("train", ()):
            return {"en"}
        spoken = {c for recipe in self.intermediate.values() if name in recipe.tasks for c in recipe.text_languages}
        return spoken | {code for text in self._texts() if text.task == name for code in text.languages}

    def task_names(self) -> set[str]:
        """Every task that some recipe trains on, that is tested on, or that some lexicon is learned from."""
        return self.tested_tasks() | self.trained_tasks() | set(self.lexicons())

    def tested_tasks(self) -> set[str]:
        """Every task that some target scores, or that alignment is measured on."""
        scored = {target.task for target in self.targets.values()}
        return scored if self.alignment is None else scored | {self.alignment.task}

    def trained_tasks(self) -> set[str]:
        """Every task that some recipe trains on, unlabelled text included."""
        trained = {name for recipe in self.intermediate.values() for name in recipe.tasks}
        trained |= {name for target in self.targets.values() for name in target.train}
        return trained | {text.task for text in self._texts()}

    def vocabulary_tasks(self) -> set[str]:
        """Every task whose texts the vocabulary of some encoder is trimmed to."""
        kept = [encoder.options["vocabulary"] for encoder in self.encoders.values()]
        return {name for vocabulary in kept if vocabulary != "full" for name in vocabulary}

    def splits(self, name: str, part: str) -> list[tuple[str, str]]:
        """The ``(split, language)`` pairs of a task that a part of its data is read from.

        Args:
            name: of the task.
            part: ``train`` (English, or text in other languages), ``lexicon``, ``vocabulary`` (all that the task has)
                or ``test`` (the study's languages, and the pools that they search).
        """
        found = self.task(name).languages
        if part == "vocabulary":
            return [(split, language) for split, languages in found.items() for language in languages]
        if part == LEXICON:
            return [("test", language) for language in self.lexicons()[name]]
        if part == TRAIN:
            spoken, splits = self.training_languages(name), (TRAIN, "dev")
        else:
            spoken, splits = {*self.languages(name, CLEAN), MULTILINGUAL}, ("test", POOL)
        return [(split, language) for split in splits for language in found.get(split, ()) if language in spoken]

    def _texts(self) -> list[Text]:
        arms: list[Intermediate | Target] = [*self.intermediate.values(), *self.targets.values()]
        return [arm.text for arm in arms if arm.text is not None]

    def languages(self, task: str, condition: str) -> tuple[str, ...]:
        """The languages in which a task's test rows are read under a condition, sorted."""
        found = self.conditions[condition].languages
        targets = (target for name, target in self.targets.items() if target.task == task and name in found)
        spoken = {language for target in targets for language in found[target.name]}
        if self.alignment is not None and self.alignment.task == task:
            spoken |= self.alignment.rows(condition)
        return tuple(sorted(spoken))

    def lexicons(self) -> dict[str, tuple[str, ...]]:
        """Tasks that a lexicon is learned from, and the languages beside English it needs."""
        found: dict[str, set[str]] = {}
        for condition in self.conditions.values():
            if "parallel" in condition.options:
                spoken = {language for languages in condition.languages.values() for language in languages}
                if self.alignment is not None:
                    spoken |= self.alignment.rows(condition.name)
                found.setdefault(condition.options["parallel"], set()).update(spoken, {condition.options["language"]})
        return {task: tuple(sorted(languages - {"en"})) for task, languages in found.items()}

    def evaluated(self, target: str) -> list[str]:
        """The conditions in which a target is scored on test sets made before: all but attacks, which need a model."""
        return [name for name, found in self.conditions.items() if target in found.languages and found.attack is None]

    def seed_dirs(self, intermediate: str, target: str) -> list[str]:
        """Folder names of the runs of one arm: one per seed.

        A retrieval target without intermediate training reads the pretrained encoder, which no seed changes: one run.
        """
        if self.targets[target].retrieval and self.intermediate[intermediate].direct:
            return [PRETRAINED]
        return [f"seed{seed}" for seed in self.seeds]

    def submission(self, wanted: Sequence[str] | None = None) -> dict[str, str]:
        """The target of every task, for a submission to a benchmark.

        Args:
            wanted: names of targets; None for all.

        Raises:
            ConfigError: a name is unknown, or two targets have the same task.
        """
        found: dict[str, str] = {}
        for name in self.targets if wanted is None else wanted:
            if name not in self.targets:
                raise ConfigError(f"unknown target {name!r}; the study has: {', '.join(self.targets)}")
            task = self.targets[name].task
            if task in found:
                raise ConfigError(f"targets {found[task]} and {name} are both {task}; choose one (--targets)")
            found[task] = name
        return found

    def arms(self) -> Iterator[dict[str, Any]]:
        """Every (encoder, intermediate, target): its seed folders, its conditions, and what is trained for it."""
        for encoder in self.encoders:
            for intermediate, recipe in self.intermediate.items():
                for target in filter(recipe.leads_to, self.targets):
                    yield {
                        "encoder": encoder,
                        "intermediate": intermediate,
                        "target": target,
                        "seeds": self.seed_dirs(intermediate, target),
                        "conditions": [name for name, found in self.conditions.items() if target in found.languages],
                        "intermediate_trained": not recipe.direct,
                        "target_trained": not self.targets[target].retrieval,
                    }
