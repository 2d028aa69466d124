"""Settings of all methods that train a whole model on labels, and what they build of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from torch import nn

from headstart.core import B, Backbone, BadInput, Labelled, Loss, Method, On, Parts, Task
from headstart.core.linear_head import LinearHead
from headstart.core.moves import everything, outside_batch_norms
from headstart.losses.label import label_loss

Keep = Callable[[str, nn.Module], bool]  # whether a parameter is trained, by its name and its module


@dataclass(frozen=True, kw_only=True)
class TuningSettings(Method[B]):
    """Settings of methods that train a backbone and a linear head together.

    Attributes:
        backbone_lr: factor on the learning rate for the backbone, > 0.
        lr_decay: factor on that from one block to the one below it, in (0, 1].
        last: how many of the backbone's last blocks learn; None: all of it.
        norm: "frozen" keeps batch normalisations and their statistics, for small batches; "train" trains.
        smoothing: of the labels, in [0, 1).
        weight_decay: of all that learns, >= 0; None takes the recipe's.
        head_std: deviation of a new head's weights, >= 0; biases are 0. 0.01 is AlexNet's, 0.02 BERT's.
    """

    backbone_lr: float = 0.1
    lr_decay: float = 1.0
    last: int | None = None
    norm: Literal["frozen", "train"] = "frozen"
    smoothing: float = 0.0
    weight_decay: float | None = None
    head_std: float = 0.01

    def __post_init__(self) -> None:
        self.check("last", self.last is None or self.last >= 1, ">= 1, or None for all")
        self.check("backbone_lr", self.backbone_lr > 0, "> 0")
        self.check("lr_decay", 0 < self.lr_decay <= 1, "in (0, 1]")
        self.check("smoothing", 0 <= self.smoothing < 1, "in [0, 1)")
        self.check("norm", self.norm in ("frozen", "train"), "'frozen' or 'train'")
        self.check("head_std", 0 <= self.head_std < math.inf, ">= 0")
        self.check("weight_decay", 0 <= (self.weight_decay or 0) < math.inf, ">= 0, or None for the recipe's")

    def trainable_blocks(self) -> int | None:
        """The setting `last`."""
        return self.last

    def limit_blocks(self, last: int) -> Self:
        """With `last` set, unless it is."""
        return self if self.last is not None else replace(self, last=last)

    def at_full_rate(self) -> Self:
        """With a factor of 1 for the backbone and norms that learn, unless these settings are changed."""
        whole: dict[str, Any] = {"backbone_lr": 1.0, "norm": "train"}
        return replace(self, **{name: value for name, value in whole.items() if name not in self.changed})


def tuned_parts(settings: TuningSettings[Any], backbone: Backbone, task: Task) -> Parts:
    """The backbone and a linear head: the one that a former stage learned, or a new one.

    Raises:
        BadInput: labels are to be smoothed and are numbers.
    """
    if settings.smoothing and task.kind == "numbers":
        raise BadInput(f"{settings.about.name}: smoothing is for classes and tags; numbers have none.")
    head = task.head or LinearHead(backbone.width, task.outputs, settings.head_std)
    return Parts({"backbone": backbone, "head": head})


def tuned_on(settings: TuningSettings[Any]) -> tuple[On, On]:
    """What the settings let learn of the head and of the backbone."""
    head = On("head", weight_decay=settings.weight_decay)
    backbone = On(
        "backbone",
        blocks=None if settings.last is None else slice(-settings.last, None),
        lr=settings.backbone_lr,
        decay=settings.lr_decay,
        keep=everything if settings.norm == "train" else outside_batch_norms,
        weight_decay=settings.weight_decay,
    )
    return head, backbone


def selected_on(settings: TuningSettings[Any], keep: Keep) -> tuple[On, On]:
    """The head, and the parameters of the backbone that `keep` selects.

    With norm="frozen" only the statistics of batch normalisations are frozen: their weights may learn.
    """
    head, backbone = tuned_on(settings)
    return head, replace(backbone, keep=keep, statistics="frozen" if settings.norm == "frozen" else "follow")


def tuning_loss(parts: Parts, batch: Labelled, smoothing: float) -> Loss:
    """The label loss of backbone and head on a batch."""
    logits = parts["head"](parts["backbone"](batch.x))
    return Loss.sum(label=label_loss(logits, batch.y, smoothing, batch.weight))
