"""The learning rates of a recipe, one attempt each: the best on English dev is kept."""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xstilts.errors import XstiltsError
from xstilts.models import graphs, packing
from xstilts.models.compiled import compile_layers
from xstilts.models.learner import Learner
from xstilts.models.load import longest_input
from xstilts.seeds import derive_seed
from xstilts.training.attempt import Attempt, below
from xstilts.training.cartography import Cartographer
from xstilts.training.data import dev_score
from xstilts.training.loop import fine_tune, predict_logits, total_steps
from xstilts.training.methods import Auxiliary, Inputs, Objective, get
from xstilts.training.methods.standard import Standard
from xstilts.training.parallel import World
from xstilts.training.phases import Phases
from xstilts.training.progress import Progress
from xstilts.training.setting import Setting
from xstilts.training.signals import Interrupted, listening
from xstilts.training.state import StateDirectory
from xstilts.training.streams import Mixture, Stream

POOLED = {"kind": "proportional", "cap": None, "temperature": 1.0}


class Search:
    """Attempts of one job, resumable.

    Args:
        recipe: a resolved training recipe.
        parent: the checkpoint to start from.
        streams: what to train on.
        texts: unlabelled sentences for methods that want them.
        tokenizer: the encoder's.
        world: the processes.
        device: where to train.
        states: where unfinished work is saved.
        label: name of the run.
        logger: opens the curves of a learning rate.
        phases: receives seconds.

    Attributes:
        tuning: learning rate, English dev score and step of every finished attempt.
        best_learning_rate: the one whose weights are kept.
        resumed: where earlier runs of this job were taken up, and how many steps were done twice for it.
        total: what all attempts together cost.
        cartography: training dynamics of the attempt whose weights are kept, where the recipe asks for them.
    """

    def __init__(
        self,
        recipe: Mapping[str, Any],
        parent: Path,
        streams: Sequence[Stream],
        texts: Mapping[str, Sequence[list[int]]],
        tokenizer: Any,
        world: World,
        device: torch.device,
        states: StateDirectory,
        label: str,
        logger: Callable[[float], contextlib.AbstractContextManager[Any]],
        phases: Phases,
    ) -> None:
        self.recipe, self.parent, self.streams, self.texts = recipe, parent, streams, texts
        self.tokenizer, self.world, self.device = tokenizer, world, device
        self.states, self.label, self.logger, self.phases = states, label, logger, phases
        sampling = recipe["sampling"] or POOLED
        self.mixture = Mixture(streams, sampling, recipe["batch_size"], (recipe["seed"], recipe["phase"]))
        self.steps = total_steps(self.mixture.size, recipe)
        self.tuning: list[dict[str, Any]] = []
        self.resumed: list[dict[str, int]] = []
        self.total = {"passed_tokens": 0.0, "token_pairs": 0.0, "extra_flops": 0.0, "step_seconds": 0.0}
        self._best: tuple[dict[str, Tensor], dict[str, Any]] | None = None
        self._cartographer: Cartographer | None = None
        self.cartography: Cartographer | None = None

    @property
    def best_learning_rate(self) -> float:
        """That of the attempt whose weights are kept: the first among equals."""
        return float(max(self.tuning, key=lambda trial: trial["dev"])["learning_rate"])

    def run(self) -> tuple[Any, dict[str, Any]]:
        """Make all attempts.

        Returns:
            The model (or, of several heads, the encoder) with the selected weights, and that attempt's history.
        """
        saved = self._take_up()
        rates = self.recipe["learning_rate"]
        with listening() as request:
            for number in range(len(self.tuning), len(rates)):
                attempt = self._attempt(rates[number])
                if saved is not None:
                    attempt.restore(*saved)
                    if self._cartographer is not None:
                        self._cartographer.restore(below("cartography", saved[0]))
                    saved = None

                def after_step(attempt: Attempt = attempt, number: int = number) -> None:
                    self.states.mark(number * self.steps + attempt.step)
                    # Saving takes all processes, whose clocks differ: the first one's counts.
                    asked, late = request.name is not None, self.world.first and self.states.due()
                    stop, due = map(bool, self.world.totals([asked, late], self.device))
                    if stop or due:
                        self._save(attempt)
                    if stop:
                        # The launcher kills the others soon after one has left: the first is still writing.
                        self.world.barrier()
                        raise Interrupted(
                            f"{self.label}: stopped by {request.name or 'another process'} after step {attempt.step} "
                            f"of {self.steps}; the state is saved, run again to go on"
                        )

                self._train(attempt, rates[number], after_step)
        assert self._best is not None
        kept, history = self._best
        with torch.no_grad():
            for name, parameter in attempt.trained.items():
                parameter.copy_(kept[name])
        return attempt.learner.checkpoint, history

    def calibrate(self, model: Any) -> dict[str, float]:
        """Options of decoding that the selected weights do best with on English dev rows, of a single head."""
        if len(self.streams) > 1 or not self.streams[0].calibrates:
            return {}
        stream = self.streams[0]
        options = self.recipe["micro_batch_tokens"], self.recipe["precision"]
        logits = predict_logits(model, stream.head, stream.dev_items, self.device, *options)
        return stream.head.calibrate(stream.dev_rows, stream.dev_items, logits)

    def _train(self, attempt: Attempt, learning_rate: float, after_step: Callable[[], None]) -> None:
        recipe = self.recipe
        roles = {method.role: method for method in map(get, (m["name"] for m in recipe["methods"]))}
        settings = {method["name"]: method for method in recipe["methods"]}
        objective = roles.get("objective", Standard)
        inputs = roles.get("inputs")
        name = self.label if len(recipe["learning_rate"]) == 1 else f"{self.label} lr {learning_rate:g}"
        progress = Progress(name, self.steps, speaks=self.world.first)
        with self.logger(learning_rate) as log, self.phases("train"):
            fine_tune(
                attempt,
                self.mixture,
                _build(objective, settings, Objective),
                None if inputs is None else _build(inputs, settings, Inputs),
                lambda: self._dev_scores(attempt.learner),
                progress,
                log,
                after_step,
                self._cartographer,
            )
        attempt.release()
        history = attempt.history
        self.tuning.append({"learning_rate": learning_rate, "dev": history.best_score, "best_step": history.best_step})
        for key in self.total:
            self.total[key] += getattr(history, key)
        if self._best is None or history.best_score > self._best[1]["best_score"]:
            self._best = attempt.kept, dataclasses.asdict(history)
            self.cartography = self._cartographer
            if self.cartography is not None:
                self.cartography.share(self.world, self.device)

    def _attempt(self, learning_rate: float) -> Attempt:
        recipe = self.recipe
        with self.phases("load"):
            torch.manual_seed(derive_seed("head", recipe["seed"], recipe["phase"]))
            learner = Learner(self.parent, {stream.key: stream.head for stream in self.streams}).to(self.device)
            longest = longest_input(learner.encoder)
            if longest is not None and recipe["max_length"] > longest:
                raise XstiltsError(
                    f"{self.label}: max_length is {recipe['max_length']}, but {self.parent} has positions for "
                    f"{longest} tokens; set max_length to {longest} at most"
                )
            if recipe["freeze_embeddings"]:
                learner.freeze_embeddings()
            if recipe["gradient_checkpointing"]:
                learner.encoder.activation_checkpointing_enable()
            if recipe["compile"]:
                compile_layers(learner.encoder)
            if self._captures(learner):
                graphs.enable(learner.encoder)
        setting = Setting.of(recipe, learner.encoder, self.tokenizer, self.device, self.world, self.texts)
        self._cartographer = self._new_map()
        auxiliary = None
        for settings in recipe["methods"]:
            method = get(settings["name"])
            if issubclass(method, Auxiliary):
                auxiliary = method(settings, setting)
        say = Progress(self.label, self.steps, speaks=self.world.first).say
        return Attempt(learner, setting, recipe, self.steps, learning_rate, auxiliary, say)

    def _captures(self, learner: Learner) -> bool:
        """Whether passes can be CUDA graphs: checkpointed activations would ask for random states within them."""
        packs = self.device.type == "cuda" and packing.enabled(learner.encoder)
        return packs and not self.recipe["gradient_checkpointing"]

    def _new_map(self) -> Cartographer | None:
        return Cartographer(self.streams, self.recipe["epochs"]) if self.recipe.get("cartography") else None

    def _dev_scores(self, learner: Learner) -> dict[str, float]:
        """English dev score of every labelled stream."""
        chosen = [stream for stream in self.streams if stream.selects]
        if not self.world.first:
            return dict.fromkeys((stream.name for stream in chosen), 0.0)
        scores = {}
        with self.phases("dev"):
            for stream in chosen:
                model = learner.models[stream.key]
                options = self.recipe["micro_batch_tokens"], self.recipe["precision"]
                logits = predict_logits(model, stream.head, stream.dev_items, self.device, *options)
                scores[stream.name] = dev_score(stream, stream.head.decode(stream.dev_rows, stream.dev_items, logits))
        return scores

    def _save(self, attempt: Attempt) -> None:
        tensors, facts = attempt.state()
        facts |= {"tuning": self.tuning, "total": self.total}
        if self._best is not None:
            tensors |= {f"best/{name}": tensor for name, tensor in self._best[0].items()}
            facts["best"] = self._best[1]
        for name, found in (("cartography", self._cartographer), ("best_cartography", self.cartography)):
            if found is not None:
                found.share(self.world, self.device)
                tensors |= {f"{name}/{key}": tensor for key, tensor in found.tensors().items()}
        self.states.save(tensors, facts, self.label)

    def _take_up(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Load what an earlier run of this job left."""
        reached = self.states.last_position()
        saved = self.states.load(self.label)
        if saved is None:
            if reached:
                self._note(0, reached)
            return None
        tensors, facts = saved
        self.tuning, self.total = facts["tuning"], self.total | facts["total"]
        if "best" in facts:
            self._best = below("best", tensors), facts["best"]
            self.cartography = self._new_map()
            if self.cartography is not None:
                self.cartography.restore(below("best_cartography", tensors))
        step = len(self.tuning) * self.steps + facts["step"]
        self._note(step, max(0, reached - step))
        print_from = Progress(self.label, self.steps, speaks=self.world.first)
        print_from.say(f"resumed after step {step}; {max(0, reached - step)} steps are done again")
        return tensors, facts

    def _note(self, step: int, repeated: int) -> None:
        self.resumed = [*self.states.resumed(), {"step": step, "repeated_steps": repeated}]
        self.states.note_resumed(self.resumed)


def _build(method: Any, settings: Mapping[str, Mapping[str, Any]], kind: type) -> Any:
    built = method(settings.get(method.name, {}))
    assert isinstance(built, kind)
    return built
