"""What a training method is.

A method file defines one subclass named ``METHOD``. It is imported when a study is parsed, to check the recipe, so it
imports torch only inside the functions that need it.

A method plays one role. An *objective* decides which forward and backward passes a micro-batch takes; *inputs* decide
what the examples of a step look like; an *auxiliary* adds a loss of its own to every step. A recipe combines methods of
different roles with ``+``, as in ``dann+char_noise``.
"""

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from xstilts.models.heads import Item
    from xstilts.training.passes import Passes
    from xstilts.training.setting import Setting
    from xstilts.training.streams import Stream


@dataclass(frozen=True)
class Option:
    """One setting of a method.

    Attributes:
        default: the value it has unless a recipe says otherwise; its type is the setting's type.
        source: where the default comes from.
        minimum: the smallest value allowed.
        maximum: the largest, if there is one.
    """

    default: int | float | str
    source: str
    minimum: float = 0.0
    maximum: float | None = None


class Method(abc.ABC):
    """A training method with its settings.

    Args:
        settings: a value for each of ``options``.
    """

    name: ClassVar[str]
    role: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    options: ClassVar[Mapping[str, Option]] = {}
    needs_text: ClassVar[bool] = False
    version: ClassVar[int] = 1

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings

    @classmethod
    def resolve(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in defaults.

        Raises:
            ConfigError: a setting is unknown, of the wrong type or out of range.
        """
        for key, value in settings.items():
            if key not in cls.options:
                allowed = ", ".join(cls.options) or "none"
                raise ConfigError(f"method {cls.name!r} has no option {key!r}; it has: {allowed}")
            option = cls.options[key]
            wanted = (int, float) if isinstance(option.default, float) else type(option.default)
            if isinstance(value, bool) or not isinstance(value, wanted):
                kind = type(option.default).__name__
                raise ConfigError(f"method {cls.name!r}: option {key!r} is {value!r}; it takes a value of type {kind}")
            if not isinstance(value, str) and value < option.minimum:
                raise ConfigError(
                    f"method {cls.name!r}: option {key!r} is {value}; it must be {option.minimum:g} or more"
                )
            if not isinstance(value, str) and option.maximum is not None and value > option.maximum:
                raise ConfigError(
                    f"method {cls.name!r}: option {key!r} is {value}; it must be {option.maximum:g} or less"
                )
        return {key: option.default for key, option in cls.options.items()} | dict(settings)

    @classmethod
    @abc.abstractmethod
    def passes(cls, settings: Mapping[str, Any]) -> float:
        """How often text goes through the encoder for it: a forward and a whole backward pass are one.

        Of an objective, per example; of inputs, beside those; of an auxiliary, in unlabelled sentences per step.
        """


class Objective(Method):
    """Decides the passes of a micro-batch."""

    role = "objective"

    @abc.abstractmethod
    def backward(self, passes: "Passes") -> "Tensor":
        """Add the micro-batch's gradient to the parameters and return its share of the step's loss, detached."""


class Inputs(Method):
    """Decides what the examples of a step look like.

    Attributes:
        looks: whether that depends on the model; if not, they are made while the step before is still computed.
    """

    role = "inputs"
    looks: ClassVar[bool] = False

    @abc.abstractmethod
    def present(
        self,
        stream: "Stream",
        indices: Sequence[int],
        epochs: Sequence[int],
        losses: "Callable[[Sequence[Item]], Tensor]",
    ) -> "list[Item]":
        """The items of a step.

        Args:
            stream: the task's rows and items.
            indices: which of its items the step drew.
            epochs: how often each was drawn before.
            losses: loss of every given item under the model as it is, ``(items,)``, without gradient or dropout.
        """


class Auxiliary(Method):
    """Adds a loss of its own to every step.

    Args:
        settings: a value for each of ``options``.
        setting: encoder, tokenizer, unlabelled text, device and seed of the run.
    """

    role = "auxiliary"

    def __init__(self, settings: Mapping[str, Any], setting: "Setting") -> None:
        super().__init__(settings)
        self.setting = setting

    @abc.abstractmethod
    def backward(self, step: int, steps: int) -> None:
        """Add its gradient of one step to the model's parameters, and move what it trains of its own."""

    @abc.abstractmethod
    def report(self) -> dict[str, float]:
        """What to log of the steps since the last call."""

    @abc.abstractmethod
    def state(self) -> "tuple[dict[str, Tensor], dict[str, float]]":
        """Tensors and counters from which :meth:`restore` goes on."""

    @abc.abstractmethod
    def restore(self, tensors: "Mapping[str, Tensor]", counters: Mapping[str, float]) -> None:
        """Take over what :meth:`state` gave."""
