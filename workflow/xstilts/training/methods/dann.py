"""Language-adversarial training: the encoder unlearns what tells languages apart."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.seeds import derive_seed, rng
from xstilts.training.cost import FORWARD, TRAINING_FLOPS
from xstilts.training.methods.base import Auxiliary, Option

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.training.setting import Setting


class Dann(Auxiliary):
    """A language discriminator over mean-pooled states of unlabelled text, behind a gradient-reversal layer.

    In every step the discriminator first learns from ``updates`` batches of the encoder's states as they are, with an
    Adam of its own at a constant rate, as ADAN's does: one that lags behind the encoder is misled, not left without
    evidence. Then a fresh batch goes through both, and its gradient, reversed and scaled by ``coefficient *
    lambda(p)``, into the encoder; ``lambda(p) = 2 / (1 + exp(-10 p)) - 1``, where p runs from 0 to 1 (Ganin et al.
    2016, section 5.2.2). A batch is ``batch_size`` sentences, the languages equally likely. The discriminator's
    accuracy on the fresh batches is reported: at chance, the encoder has hidden the language from it.
    """

    name = "dann"
    summary = "language discriminator behind gradient reversal, on unlabelled text"
    source = "Ganin et al. 2016, Domain-Adversarial Training of Neural Networks; Chen et al. 2018 for languages"
    needs_text = True
    version = 2
    options: ClassVar[Mapping[str, Option]] = {
        "coefficient": Option(1.0, "Ganin et al. 2016: lambda rises to 1"),
        "updates": Option(5, "ADAN options.py: n_critic", minimum=1),
        "hidden_size": Option(500, "AdvPicker's token discriminator", minimum=1),
        "learning_rate": Option(5e-4, "ADAN options.py: Q_learning_rate"),
        "batch_size": Option(32, "as many sentences as a usual batch has examples; not sourced", minimum=1),
    }

    def __init__(self, settings: Mapping[str, Any], setting: "Setting") -> None:
        import torch

        from xstilts.models.discriminator import LanguageDiscriminator

        super().__init__(settings, setting)
        self.languages = sorted(setting.texts)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed("discriminator", setting.seed, setting.phase))
            width = setting.encoder.config.hidden_size
            self.discriminator = LanguageDiscriminator(width, settings["hidden_size"], len(self.languages))
        self.discriminator.to(setting.device)
        self.optimizer = torch.optim.Adam(self.discriminator.parameters(), settings["learning_rate"], fused=True)
        self.correct = self.seen = 0.0

    @classmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """Each of the discriminator's batches forward, the one against it forward and backward."""
        return float(settings["batch_size"] * (1 + settings["updates"] * FORWARD))

    def backward(self, step: int, steps: int) -> None:
        """Passes over unlabelled sentences: some for the discriminator, one against it for the encoder."""
        self._teach(step)
        self._confuse(step, 2 / (1 + math.exp(-10 * step / steps)) - 1)

    def report(self) -> dict[str, float]:
        """Accuracy (percent) since the last call, and chance."""
        found = {"accuracy": 100 * self.correct / max(1, self.seen), "chance": 100 / len(self.languages)}
        self.correct = self.seen = 0.0
        return found

    def state(self) -> "tuple[dict[str, Tensor], dict[str, float]]":
        """The discriminator and its optimiser; right answers and sentences since the last report."""
        from xstilts.training.state import optimised

        found = optimised(dict(self.discriminator.named_parameters()), self.optimizer)
        return found, {"correct": self.correct, "seen": self.seen}

    def restore(self, tensors: "Mapping[str, Tensor]", counters: Mapping[str, float]) -> None:
        """Go on learning and counting."""
        from xstilts.training.state import restore_optimised

        restore_optimised(dict(self.discriminator.named_parameters()), self.optimizer, tensors)
        self.correct, self.seen = counters["correct"], counters["seen"]

    def _teach(self, step: int) -> None:
        """The discriminator's updates, on states that the encoder is not asked to change."""
        import torch

        size, device = self.settings["batch_size"], self.setting.device
        labels, texts = self._draw("discriminator", step, size * self.settings["updates"])
        vectors = torch.zeros(len(texts), self.setting.encoder.config.hidden_size, device=device)
        own = torch.zeros(len(texts), dtype=torch.bool, device=device)
        with torch.no_grad():
            for places, found in self._vectors(texts, FORWARD):
                vectors[places], own[places] = found, True
        for start in range(0, len(texts), size):
            places = start + own[start : start + size].nonzero().flatten()
            self.optimizer.zero_grad()
            logits = self._guesses(vectors[places])
            loss = torch.nn.functional.cross_entropy(logits, labels[places], reduction="sum") / size
            loss.backward()
            self.setting.world.sum_gradients(self.discriminator.parameters(), loss.detach())
            self.optimizer.step()

    def _confuse(self, step: int, ramp: float) -> None:
        """The encoder's gradient, away from what the discriminator knows."""
        import torch

        labels, texts = self._draw("text", step, self.settings["batch_size"])
        for places, vectors in self._vectors(texts, 1.0):
            logits = self._guesses(vectors, self.settings["coefficient"] * ramp)
            loss = torch.nn.functional.cross_entropy(logits, labels[places], reduction="sum") / len(texts)
            loss.backward()
            self.correct += float((logits.argmax(-1) == labels[places]).sum())
            self.seen += len(places)

    def _guesses(self, vectors: "Tensor", scale: float = 0.0) -> "Tensor":
        """The discriminator's logits, with what it computes for them and their gradient counted."""
        size = sum(parameter.numel() for parameter in self.discriminator.parameters())
        self.setting.counted["extra_flops"] += TRAINING_FLOPS * size * len(vectors)
        logits: Tensor = self.discriminator(vectors, scale)
        return logits

    def _draw(self, purpose: str, step: int, count: int) -> "tuple[Tensor, list[list[int]]]":
        """Languages, equally likely, as labels ``(count,)``; and token ids of a sentence of each."""
        import torch

        generator = rng(purpose, self.setting.seed, self.setting.phase, step)
        drawn = [generator.randrange(len(self.languages)) for _ in range(count)]
        texts = [generator.choice(self.setting.texts[self.languages[label]]) for label in drawn]
        return torch.tensor(drawn, device=self.setting.device), texts

    def _vectors(self, texts: Sequence[list[int]], passes: float) -> "Iterator[tuple[Tensor, Tensor]]":
        """Of this process's share, in passes that fit: places among ``texts``, and vectors ``(places, width)``.

        Each counts as ``passes``: one is a forward and a backward pass.
        """
        import torch

        from xstilts.models.pooling import POOLINGS

        setting = self.setting
        for part in setting.micro_batches(setting.world.share(list(enumerate(texts)))):
            states, mask = setting.states([ids for _, ids in part], passes)
            places = torch.tensor([place for place, _ in part], device=setting.device)
            yield places, POOLINGS["mean"](states.float(), mask)


METHOD = Dann
