"""Settings of all methods that train a whole model on labels, and what they build of them."""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from torch import nn

from headstart.core import B, Backbone, BadInput, Labelled, Loss, Method, On, Parts, Task
from headstart.core.linear_head import LinearHead
from headstart.core.moves import everything
from headstart.losses.label import label_loss


@dataclass(frozen=True, kw_only=True)
class TuningSettings(Method[B]):
    """Settings of methods that train a backbone and a linear head together.

    Attributes:
        backbone_lr: factor on the learning rate for the backbone, > 0.
        lr_decay: factor on that from one block to the one below it, in (0, 1].
        last: how many of the backbone's last blocks learn; None: all of it.
        norm: "frozen" keeps batch normalisations as they are, statistics and all, which suits
            small batches; "train" trains them too.
        smoothing: of the labels, in [0, 1).
        weight_decay: of all that learns, >= 0; None takes the recipe's.
    """

    backbone_lr: float = 0.1
    lr_decay: float = 1.0
    last: int | None = None
    norm: Literal["frozen", "train"] = "frozen"
    smoothing: float = 0.0
    weight_decay: float | None = None

    def __post_init__(self) -> None:
        decay = self.weight_decay
        self.check("last", self.last is None or self.last >= 1, ">= 1, or None for all")
        self.check("backbone_lr", self.backbone_lr > 0, "> 0")
        self.check("lr_decay", 0 < self.lr_decay <= 1, "in (0, 1]")
        self.check("smoothing", 0 <= self.smoothing < 1, "in [0, 1)")
        self.check("norm", self.norm in ("frozen", "train"), "'frozen' or 'train'")
        self.check("weight_decay", decay is None or 0 <= decay < math.inf, ">= 0, or None for the recipe's")

    def trainable_blocks(self) -> int | None:
        """The setting `last`."""
        return self.last

    def limit_blocks(self, last: int) -> Self:
        """With `last` set, unless it is."""
        return self if self.last is not None else replace(self, last=last)


def tuned_parts(settings: TuningSettings[Any], backbone: Backbone, task: Task) -> Parts:
    """The backbone and a linear head: the one that a former stage learned, or a new one.

    Raises:
        BadInput: labels are to be smoothed and are numbers.
    """
    if settings.smoothing and task.kind == "numbers":
        raise BadInput(f"{settings.about.name}: smoothing is for classes and tags; numbers have none.")
    return Parts({"backbone": backbone, "head": task.head or LinearHead(backbone.width, task.outputs)})


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


def outside_batch_norms(_name: str, module: nn.Module) -> bool:
    """Whether a parameter is of another module than a batch normalisation."""
    return not isinstance(module, nn.modules.batchnorm._BatchNorm)


def tuning_loss(parts: Parts, batch: Labelled, smoothing: float) -> Loss:
    """The label loss of backbone and head on a batch."""
    logits = parts["head"](parts["backbone"](batch.x))
    return Loss.sum(label=label_loss(logits, batch.y, smoothing, batch.weight))
