"""What all ways to train a whole model on labels share."""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from torch import nn

from headstart.core import (
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Head,
    Labelled,
    Loss,
    Method,
    Model,
    On,
    Parts,
    Task,
)
from headstart.losses.label import label_loss
from headstart.nn.heads import LinearHead


@dataclass(frozen=True, kw_only=True)
class Tuning(Method[Labelled]):
    """Descends the label loss on a backbone and a linear head at once.

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

    def check(self, setting: str, fine: bool, allowed: str) -> None:
        """Refuse the value of a setting that is not fine."""
        if not fine:
            value: Any = getattr(self, setting)
            raise BadInput(f"{self.about.name}: {setting} is {value!r}; it must be {allowed}.")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head: the one that a former stage learned, or a new one."""
        if self.smoothing and task.kind == "numbers":
            raise BadInput(f"{self.about.name}: smoothing is for classes and tags; numbers have none.")
        head = task.head or LinearHead(backbone.width, task.outputs)
        return Parts({"backbone": backbone, "head": head})

    def moves(self) -> tuple[Any, ...]:
        """One descent on both."""
        return (Descend(self.loss, on=(self.on_head(), self.on_backbone())),)

    def on_head(self) -> On:
        """What learns of the head."""
        return On("head", weight_decay=self.weight_decay)

    def on_backbone(self) -> On:
        """What learns of the backbone."""
        return On(
            "backbone",
            blocks=None if self.last is None else slice(-self.last, None),
            lr=self.backbone_lr,
            decay=self.lr_decay,
            keep=self.learns,
            weight_decay=self.weight_decay,
        )

    def learns(self, _name: str, module: nn.Module) -> bool:
        """Whether a parameter of the backbone learns, told its name and the module that owns it."""
        return self.norm == "train" or not isinstance(module, nn.modules.batchnorm._BatchNorm)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The loss that belongs to the labels."""
        logits = parts["head"](parts["backbone"](batch.x))
        return Loss.sum(label=label_loss(logits, batch.y, self.smoothing, batch.weight))

    def predictor(self, parts: Parts) -> Model:
        """Both together."""
        backbone, head = parts["backbone"], parts["head"]
        assert isinstance(backbone, Backbone)
        assert isinstance(head, Head)
        return Model(backbone, head)


@dataclass(frozen=True, kw_only=True)
class Selected(Tuning):
    """Trains a few kinds of parameters of the backbone, batch normalisations' among them.

    With norm="frozen" only the statistics of batch normalisations are: their weights may learn.
    """

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """As for all tuning; there must be something to learn in the backbone."""
        parts = super().parts(backbone, task)
        if not self.on_backbone()(parts):
            where = (
                "" if self.last is None else f" in the last {self.last} of its {len(backbone.blocks)} blocks"
            )
            raise BadInput(
                f"{self.about.name}: the backbone has no parameter of the kind that learns{where}. "
                f"Take a way that trains others, such as fine-tune:last=1."
            )
        return parts

    def on_backbone(self) -> On:
        """What learns of the backbone; frozen statistics stay where weights of their norms learn."""
        return replace(super().on_backbone(), statistics="frozen" if self.norm == "frozen" else "follow")
