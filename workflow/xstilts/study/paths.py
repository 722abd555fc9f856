"""Where everything lies. A path names what was made, never hyper-parameters; those are in the manifest beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xstilts.study.model import PRETRAINED, Study


@dataclass(frozen=True)
class Paths:
    """Paths below ``root``, which is ``<results>/<study>``.

    The methods accept names as well as Snakemake wildcards (``"{task}"``), so rules and functions share them.
    """

    root: str

    @classmethod
    def of(cls, study: Study) -> "Paths":
        """The paths of a study."""
        return cls(f"{study.results}/{study.name}")

    def source(self, task: str, part: str) -> str:
        """Fingerprint of a task's raw files; ``part`` is ``train``, ``test``, ``vocabulary`` or ``lexicon``."""
        return f"{self.root}/data/{task}/{part}.source.json"

    def data(self, task: str, part: str) -> str:
        """Prepared rows; ``part`` is ``train`` (English train and dev) or a condition (test rows of all languages)."""
        return f"{self.root}/data/{task}/{part}"

    def lexicon(self, task: str, language: str) -> str:
        """Word pairs of a language and English, learned from a task's sentence pairs."""
        return f"{self.root}/data/{task}/lexicon/{language}.tsv"

    def encoder(self, encoder: str) -> str:
        """The pretrained encoder."""
        return f"{self.root}/encoders/{encoder}"

    def intermediate(self, encoder: str, intermediate: str, seed: str) -> str:
        """The checkpoint that intermediate training leaves."""
        return f"{self.root}/checkpoints/{encoder}/{intermediate}/{seed}"

    def target(self, encoder: str, intermediate: str, target: str, seed: str) -> str:
        """The checkpoint that target fine-tuning leaves."""
        return f"{self.root}/checkpoints/{encoder}/{intermediate}/{target}/{seed}"

    def state(self, *names: str) -> str:
        """The state of an unfinished training run; no rule owns it, so a failed job leaves it to the next one."""
        return "/".join((self.root, "state", *names))

    def evaluation(self, encoder: str, intermediate: str, target: str) -> str:
        """What vouches for an arm's predictions and metrics under the conditions that test sets are made for."""
        return f"{self.root}/predictions/{encoder}/{intermediate}/{target}/manifest.json"

    def prediction(self, encoder: str, intermediate: str, target: str, seed: str, condition: str, suffix: str) -> str:
        """Per-example predictions under one condition (``parquet``) and their metrics (``json``)."""
        return f"{self.root}/predictions/{encoder}/{intermediate}/{target}/{seed}/{condition}.{suffix}"

    def trained(self, encoder: str, arm: str, seed: str) -> str:
        """The checkpoint of an arm: ``intermediate`` or ``intermediate/target``; the encoder if it is pretrained."""
        return self.encoder(encoder) if seed == PRETRAINED else f"{self.root}/checkpoints/{encoder}/{arm}/{seed}"

    def alignment(self, encoder: str, arm: str) -> str:
        """What vouches for the measures of an arm's representations, by seed; ``arm`` as in :meth:`trained`."""
        return f"{self.root}/alignment/{encoder}/{arm}/manifest.json"

    def difficulty(self, encoder: str, intermediate: str, seed: str) -> str:
        """How hard an intermediate recipe's tasks are."""
        return f"{self.root}/difficulty/{encoder}/{intermediate}/{seed}.json"

    def null(self, encoder: str, intermediate: str, seed: str) -> str:
        """The model of an intermediate recipe that sees no content."""
        return f"{self.root}/difficulty/{encoder}/{intermediate}/{seed}/null"

    def runs(self, arms: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str, str], str]:
        """Folder of every checkpoint that the arms train, by encoder, intermediate recipe, target and seed.

        The target of an intermediate run is empty.
        """
        folders: dict[tuple[str, str, str, str], str] = {}
        for arm in arms:
            encoder, intermediate, target = arm["encoder"], arm["intermediate"], arm["target"]
            for seed in arm["seeds"]:
                if arm["intermediate_trained"]:
                    folders[encoder, intermediate, "", seed] = self.intermediate(encoder, intermediate, seed)
                if arm["target_trained"]:
                    folders[encoder, intermediate, target, seed] = self.target(encoder, intermediate, target, seed)
        return folders

    def checkpoints(self, arms: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Folder of every encoder and checkpoint that the arms need, and which of the three it is."""
        arms = list(arms)
        encoders = {self.encoder(arm["encoder"]): "encoder" for arm in arms}
        trained = {
            folder: "target" if target else "intermediate" for (_, _, target, _), folder in self.runs(arms).items()
        }
        return encoders | trained

    def log(self, name: str) -> str:
        """What a job said."""
        return f"{self.root}/logs/{name}.log"
