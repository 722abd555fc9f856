"""The study's parts and their expansion into runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from xstilts import tasks
from xstilts.models.mini import COVERED_LANGUAGES

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
        resources: ``threads``, ``gpus``, ``mem_mb`` and ``runtime`` (minutes) of one of its jobs.
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


@dataclass(frozen=True)
class Intermediate:
    """What happens before the target task; without tasks it is direct fine-tuning."""

    name: str
    tasks: tuple[str, ...]
    training: Mapping[str, Any]

    @property
    def direct(self) -> bool:
        """Whether nothing happens before the target task."""
        return not self.tasks

    @property
    def method(self) -> str:
        """How the intermediate run optimises; ``none`` where there is no such run."""
        return NONE if self.direct else str(self.training["method"])


@dataclass(frozen=True)
class Target:
    """A task fine-tuned on English and scored zero-shot in ``languages``."""

    name: str
    task: str
    train: tuple[str, ...]
    languages: tuple[str, ...]
    training: Mapping[str, Any]
    layer: int | None

    @property
    def retrieval(self) -> bool:
        """Whether it reads representations instead of being fine-tuned."""
        return tasks.get(self.task).type == "retrieval"


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
class Study:
    """One study file, validated and completed."""

    name: str
    title: str
    description: str
    results: str
    data_dir: str | None
    seeds: tuple[int, ...]
    encoders: Mapping[str, Encoder]
    intermediate: Mapping[str, Intermediate]
    targets: Mapping[str, Target]
    conditions: Mapping[str, Condition]
    evaluation: Mapping[str, Any]
    questions: Mapping[str, Mapping[str, Any]]
    figures: Mapping[str, Any]

    def task_names(self) -> set[str]:
        """Every task that some recipe trains on, some target scores or some lexicon is learned from."""
        trained = {name for recipe in self.intermediate.values() for name in recipe.tasks}
        scored = {name for target in self.targets.values() for name in (target.task, *target.train)}
        return trained | scored | set(self.lexicons())

    def languages(self, task: str, condition: str) -> tuple[str, ...]:
        """The languages in which some target scores a task under a condition, sorted."""
        found = self.conditions[condition].languages
        targets = (target for name, target in self.targets.items() if target.task == task and name in found)
        return tuple(sorted({language for target in targets for language in found[target.name]}))

    def lexicons(self) -> dict[str, tuple[str, ...]]:
        """Tasks that a lexicon is learned from, and the languages beside English it needs."""
        found: dict[str, set[str]] = {}
        for condition in self.conditions.values():
            if "parallel" in condition.options:
                spoken = {language for languages in condition.languages.values() for language in languages}
                found.setdefault(condition.options["parallel"], set()).update(spoken, {condition.options["language"]})
        return {task: tuple(sorted(languages - {"en"})) for task, languages in found.items()}

    def seed_dirs(self, intermediate: str, target: str) -> list[str]:
        """Folder names of the runs of one arm: one per seed.

        A retrieval target without intermediate training reads the pretrained encoder, which no seed changes: one run.
        """
        if self.targets[target].retrieval and self.intermediate[intermediate].direct:
            return [PRETRAINED]
        return [f"seed{seed}" for seed in self.seeds]

    def arms(self) -> Iterator[dict[str, Any]]:
        """Every (encoder, intermediate, target): its seed folders, its conditions, and what is trained for it."""
        for encoder in self.encoders:
            for intermediate in self.intermediate:
                for target in self.targets:
                    yield {
                        "encoder": encoder,
                        "intermediate": intermediate,
                        "target": target,
                        "seeds": self.seed_dirs(intermediate, target),
                        "conditions": [name for name, found in self.conditions.items() if target in found.languages],
                        "intermediate_trained": not self.intermediate[intermediate].direct,
                        "target_trained": not self.targets[target].retrieval,
                    }
