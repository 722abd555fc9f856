"""Language-adversarial training: the encoder unlearns what tells languages apart."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.seeds import derive_seed, rng
from xstilts.training.methods.base import Auxiliary, Option

if TYPE_CHECKING:
    from torch import nn

    from xstilts.training.setting import Setting


class Dann(Auxiliary):
    """A language discriminator over mean-pooled states of unlabelled text, behind a gradient-reversal layer.

    Every step sees ``batch_size`` sentences, the languages equally likely. The reversed gradient is scaled by
    ``coefficient * lambda(p)``, where ``lambda(p) = 2 / (1 + exp(-10 p)) - 1`` and p runs from 0 to 1 (Ganin et al.
    2016, section 5.2.2). The discriminator's accuracy is reported: at chance, the encoder has hidden the language from
    it.
    """

    name = "dann"
    summary = "language discriminator behind gradient reversal, on unlabelled text"
    source = "Ganin et al. 2016, Domain-Adversarial Training of Neural Networks; Chen et al. 2018 for languages"
    needs_text = True
    options: ClassVar[Mapping[str, Option]] = {
        "coefficient": Option(1.0, "Ganin et al. 2016: lambda rises to 1"),
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
        self.correct = self.seen = 0.0

    def module(self) -> "nn.Module":
        """The discriminator."""
        return self.discriminator

    def backward(self, step: int, steps: int) -> None:
        """One pass over unlabelled sentences: down for the discriminator, up for the encoder."""
        import torch

        setting = self.setting
        scale = self.settings["coefficient"] * (2 / (1 + math.exp(-10 * step / steps)) - 1)
        generator = rng("text", setting.seed, setting.phase, step)
        drawn = []
        for _ in range(self.settings["batch_size"]):
            language = generator.randrange(len(self.languages))
            drawn.append((language, generator.choice(setting.texts[self.languages[language]])))
        for part in setting.micro_batches(setting.world.share(drawn)):
            inputs, gold = setting.collate([ids for _, ids in part]), torch.tensor([label for label, _ in part])
            gold = gold.to(setting.device)
            with setting.precision():
                states = setting.encoder(**inputs).last_hidden_state
                logits = self.discriminator(states, inputs["attention_mask"], scale)
            loss = torch.nn.functional.cross_entropy(logits.float(), gold, reduction="sum") / len(drawn)
            loss.backward()
            self.correct += float((logits.argmax(-1) == gold).sum())
            self.seen += len(part)

    def report(self) -> dict[str, float]:
        """Accuracy (percent) since the last call, and chance."""
        found = {"accuracy": 100 * self.correct / max(1, self.seen), "chance": 100 / len(self.languages)}
        self.correct = self.seen = 0.0
        return found

    def counters(self) -> dict[str, float]:
        """Right answers and sentences since the last report."""
        return {"correct": self.correct, "seen": self.seen}

    def restore(self, counters: Mapping[str, float]) -> None:
        """Go on counting."""
        self.correct, self.seen = counters["correct"], counters["seen"]


METHOD = Dann
