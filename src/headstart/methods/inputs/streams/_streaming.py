"""What all ways to adapt to a stream while predicting it share."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from headstart.core import (
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Head,
    Loss,
    Method,
    Model,
    On,
    Parts,
    Task,
    Unlabelled,
)
from headstart.nn.adaptive_norm import STATISTICS, Statistics, adaptive, watch
from headstart.nn.heads import LinearHead
from headstart.nn.low_backward import low_backward
from headstart.nn.norms import is_norm
from headstart.nn.processor import has_amx


@dataclass(frozen=True, kw_only=True)
class Streaming(Method[Unlabelled]):
    """Predicts a batch and then may learn from it; backbone and head are those of the source."""

    def check(self, setting: str, fine: bool, allowed: str) -> None:
        """Refuse the value of a setting that is not fine."""
        if not fine:
            value: Any = getattr(self, setting)
            raise BadInput(f"{self.about.name}: {setting} is {value!r}; it must be {allowed}.")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """A copy of the backbone, and the head of the source model."""
        # without one the answers mean nothing, but they are as sure as those of a head that has learned
        head = task.head or LinearHead(backbone.width, task.outputs, deviation=1.0)
        return Parts({"backbone": self.copied(backbone), "head": head})

    @abstractmethod
    def copied(self, backbone: Backbone) -> Backbone:
        """The run's own backbone."""

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head as they are now."""
        backbone, head = parts["backbone"], parts["head"]
        assert isinstance(backbone, Backbone)
        assert isinstance(head, Head)
        return Model(backbone, head)


@dataclass(frozen=True, kw_only=True)
class Normed(Streaming):
    """Batch normalisations go by the statistics of the stream.

    Attributes:
        statistics: of batch normalisations: "batch": those of each batch; "mixed": of the batch and
            `prior` rows of the source; "running": of the rows so far, the last `prior` or so. With the
            last two a batch may be a single row.
        prior: rows that the statistics of the source, or those so far, count for, >= 0.
    """

    statistics: Statistics = "batch"
    prior: float = 16.0

    def __post_init__(self) -> None:
        self.check("statistics", self.statistics in STATISTICS, f"one of {', '.join(STATISTICS)}")
        self.check("prior", 0 <= self.prior < float("inf"), "a number >= 0")

    def copied(self, backbone: Backbone) -> Backbone:
        """With norms that go by the stream; there must be a norm."""
        twin = adaptive(backbone, self.statistics, self.prior)
        if not any(is_norm(module) for module in twin.modules()):
            raise BadInput(
                f"{self.about.name}: the backbone has no normalisation (batch, layer, group, instance or "
                "root mean square), so it has nothing to adapt. lame works without; so does cotta."
            )
        return twin

    def answer(self, parts: Parts, x: Tensor) -> Tensor:
        """Logits (n, classes) of samples (n, ...), the norms watching; all else is in evaluation mode."""
        logits: Tensor = parts["head"].eval()(watch(parts["backbone"])(x))
        return logits


@dataclass(frozen=True, kw_only=True)
class Sharpening(Normed):
    """Scales and shifts of the normalisations learn from how sure the answers are.

    Attributes:
        lr: learning rate, constant, of Adam without weight decay, > 0.
        gradient: "fast" takes gradients through frozen convolutions in bf16 where the processor multiplies
            such matrices itself, which more than halves the cost of a step; "exact" never does. Answers
            are not rounded either way.
    """

    lr: float = 1e-3
    gradient: Literal["fast", "exact"] = "fast"
    optimiser: ClassVar[str] = "adamw"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("gradient", self.gradient in ("fast", "exact"), "'fast' or 'exact'")
        self.check("lr", 0 < self.lr < float("inf"), "a number > 0")

    def recipe_overrides(self) -> dict[str, Any]:
        """The rate and that it stays: a stream has no end that a schedule could go by."""
        rate = {"lr": self.lr, "optimiser": self.optimiser, "schedule": "constant", "warmup": 0.0}
        return {**rate, "weight_decay": 0.0, "clip": None}

    def copied(self, backbone: Backbone) -> Backbone:
        """As for all norms; one of them must have a scale or a shift."""
        twin = super().copied(backbone)
        twin = low_backward(twin) if self.gradient == "fast" and has_amx() else twin
        if not self.on()(Parts({"backbone": twin})):
            raise BadInput(
                f"{self.about.name}: no normalisation of the backbone has a scale or a shift, so nothing can "
                "learn. Take norm, which adapts statistics, or lame, which adapts answers."
            )
        return twin

    def on(self) -> On:
        """Scales and shifts of all kinds of normalisations."""
        return On("backbone", keep=self.learns)

    def learns(self, _name: str, module: nn.Module) -> bool:
        """Whether a normalisation owns it."""
        return is_norm(module)

    def moves(self) -> tuple[Any, ...]:
        """One descent."""
        return (Descend(self.loss, on=(self.on(),)),)

    @abstractmethod
    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """How unsure the answers are; and the answers."""
