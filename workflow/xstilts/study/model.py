"""The study's parts and their expansion into runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xstilts import tasks
from xstilts.models.mini import COVERED_LANGUAGES

CLEAN = "clean"
TRAIN = "train"
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
        text_languages: languages of its mlm tasks.
        text: unlabelled sentences for its method.
    """

    name: str
    tasks: tuple[str, ...]
    training: Mapping[str, Any]
    sampling: Mapping[str, Any] | None = None
    text_languages: tuple[str, ...] = ()
    text: Text | None = None

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
    text: Text | None = None

    @property
    def retrieval(self) -> bool:
        """Whether it reads representations instead of being fine-tuned."""
        return tasks.get(self.task).type == "retrieval"


@dataclass(frozen=True)
class Condition:
    """How test inputs are presented; ``perturbation`` is None for clean ones."""

    name: str
    perturbation: str | None = None
    strength: float = 0.0


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
        """Every task that some recipe trains on or some target scores."""
        scored = {target.task for target in self.targets.values()}
        return scored | self.trained_tasks()

    def trained_tasks(self) -> set[str]:
        """Every task that some recipe trains on, unlabelled text included."""
        arms: list[Intermediate | Target] = [*self.intermediate.values(), *self.targets.values()]
        texts = {arm.text.task for arm in arms if arm.text is not None}
        trained = {name for recipe in self.intermediate.values() for name in recipe.tasks}
        return texts | trained | {name for target in self.targets.values() for name in target.train}

    def text_languages(self, task: str) -> list[str]:
        """Languages of an mlm task that some recipe trains on."""
        arms: list[Intermediate | Target] = [*self.intermediate.values(), *self.targets.values()]
        wanted = {code for arm in arms if arm.text and arm.text.task == task for code in arm.text.languages}
        for recipe in self.intermediate.values():
            if task in recipe.tasks:
                wanted |= set(recipe.text_languages)
        return sorted(wanted)

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
                        "conditions": list(self.conditions),
                        "intermediate_trained": not self.intermediate[intermediate].direct,
                        "target_trained": not self.targets[target].retrieval,
                    }
