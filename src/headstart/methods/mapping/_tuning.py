"""What all ways to train a whole model on labels share."""

from dataclasses import dataclass
from typing import Literal

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
from headstart.core.moves import everything
from headstart.losses.label import label_loss
from headstart.nn.heads import LinearHead


def not_norm(_name: str, module: nn.Module) -> bool:
    """Whether a parameter belongs to anything but a batch normalisation."""
    return not isinstance(module, nn.modules.batchnorm._BatchNorm)


@dataclass(frozen=True, kw_only=True)
class Tuning(Method[Labelled]):
    """Descends the label loss on a backbone and a linear head at once.

    Attributes:
        backbone_lr: factor on the learning rate for the backbone, > 0.
        last: how many of the backbone's last blocks learn; None: all of it.
        norm: "frozen" keeps batch normalisations as they are, statistics and all, which suits
            small batches; "train" trains them too.
        smoothing: of the labels, in [0, 1).
    """

    backbone_lr: float = 0.1
    last: int | None = None
    norm: Literal["frozen", "train"] = "frozen"
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.last is not None and self.last < 1:
            raise BadInput(f"{self.about.name}: last is {self.last}; it must be >= 1, or None for all.")
        if not self.backbone_lr > 0:
            raise BadInput(f"{self.about.name}: backbone_lr is {self.backbone_lr!r}; it must be > 0.")
        if not 0 <= self.smoothing < 1:
            raise BadInput(f"{self.about.name}: smoothing is {self.smoothing!r}; it must be in [0, 1).")
        if self.norm not in ("frozen", "train"):
            raise BadInput(f"{self.about.name}: norm is {self.norm!r}; it must be 'frozen' or 'train'.")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head: the one that a former stage learned, or a new one."""
        head = task.head or LinearHead(backbone.width, task.classes)
        return Parts({"backbone": backbone, "head": head})

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on both."""
        keep = not_norm if self.norm == "frozen" else everything
        blocks = None if self.last is None else slice(-self.last, None)
        body = On("backbone", blocks=blocks, lr=self.backbone_lr, keep=keep)
        return (Descend(self.loss, on=(On("head"), body)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """Cross-entropy."""
        logits = parts["head"](parts["backbone"](batch.x))
        return Loss.sum(label=label_loss(logits, batch.y, self.smoothing))

    def predictor(self, parts: Parts) -> Model:
        """Both together."""
        backbone, head = parts["backbone"], parts["head"]
        assert isinstance(backbone, Backbone)
        assert isinstance(head, Head)
        return Model(backbone, head)
