"""Predicting a stream batch by batch, with normalisations that adapt to it."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from headstart.core import Backbone, BadInput, Method, On, Parts, Task, Unlabelled
from headstart.core.linear_head import LinearHead
from headstart.nn.adaptive_norm import STATISTICS, Statistics, adaptive, watch
from headstart.nn.low_backward import low_backward
from headstart.nn.norms import is_norm
from headstart.nn.processor import has_amx


@dataclass(frozen=True, kw_only=True)
class NormSettings(Method[Unlabelled]):
    """Settings of methods whose batch normalisations take statistics of the stream.

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


@dataclass(frozen=True, kw_only=True)
class NormEntropySettings(NormSettings):
    """Settings of methods that train normalisations on the entropy of their own predictions.

    Attributes:
        lr: learning rate, constant, of Adam without weight decay, > 0.
        gradient: "fast" takes gradients through frozen convolutions in bf16 where the processor multiplies
            such matrices itself, which more than halves the cost of a step; "exact" never does. Predictions
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
        """A constant rate: a stream has no end that a schedule could follow."""
        rate = {"lr": self.lr, "optimiser": self.optimiser, "schedule": "constant", "warmup": 0.0}
        return {**rate, "weight_decay": 0.0, "clip": None}


def stream_parts(backbone: Backbone, task: Task) -> Parts:
    """The backbone and the head of the source model."""
    # without one the predictions mean nothing, but they are as confident as those of a trained head
    return Parts(
        {"backbone": backbone, "head": task.head or LinearHead(backbone.width, task.outputs, deviation=1.0)}
    )


def adaptive_backbone(settings: NormSettings, backbone: Backbone) -> Backbone:
    """A copy whose batch normalisations take statistics of the stream.

    Raises:
        BadInput: the backbone has no normalisation.
    """
    twin = adaptive(backbone, settings.statistics, settings.prior)
    if not any(is_norm(module) for module in twin.modules()):
        raise BadInput(
            f"{settings.about.name}: the backbone has no normalisation (batch, layer, group, instance or "
            "root mean square), so it has nothing to adapt. lame works without; so does cotta."
        )
    return twin


def entropy_backbone(settings: NormEntropySettings, backbone: Backbone) -> Backbone:
    """The same, with cheap gradients where the settings allow them.

    Raises:
        BadInput: no normalisation has a scale or a shift that could learn.
    """
    twin = adaptive_backbone(settings, backbone)
    twin = low_backward(twin) if settings.gradient == "fast" and has_amx() else twin
    if not norms_on()(Parts({"backbone": twin})):
        raise BadInput(
            f"{settings.about.name}: no normalisation of the backbone has a scale or a shift, so nothing can "
            "learn. Take norm, which adapts statistics, or lame, which adapts answers."
        )
    return twin


def norms_on() -> On:
    """The scales and shifts of the backbone's normalisations."""
    return On("backbone", keep=_of_norm)


def _of_norm(_name: str, module: nn.Module) -> bool:
    return is_norm(module)


def predict_stream(parts: Parts, x: Tensor) -> Tensor:
    """Logits (n, classes) of samples (n, ...); adaptive norms follow them, all else is in evaluation mode."""
    logits: Tensor = parts["head"].eval()(watch(parts["backbone"])(x))
    return logits
