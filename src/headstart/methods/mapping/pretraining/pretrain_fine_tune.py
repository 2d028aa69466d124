from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

from headstart.core import (
    About,
    Backbone,
    Ctx,
    Descend,
    LabelKind,
    Labelled,
    Loss,
    Method,
    Model,
    Parts,
    Task,
)
from headstart.methods.mapping.pretraining.supervised import SupervisedPretraining
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class PretrainFineTune(TuningSettings[Labelled]):
    """Pre-train on the source's labels, then go on with the same weights on yours: K1 steps, then K2.

    The head goes along where both tasks have the same labels; else the target gets a new one.

    Attributes:
        start: "given" pre-trains the backbone as it is; "random" begins with random weights.
        pretrain_steps: K1, of the pre-training, >= 0; None takes the recipe's steps; 0 leaves it out.
        pretrain_lr: the highest learning rate of the pre-training, > 0; None takes the recipe's.
        steps: K2, of the fine-tuning, >= 1; None takes the recipe's.
        lr: the highest learning rate of the fine-tuning, > 0; None takes the recipe's.
    """

    about = About(
        "pretrain-fine-tune",
        "start",
        "mapping",
        Labelled,
        "arXiv:1311.2524",
        display_name="Pre-training, then fine-tuning",
    )
    backbone_lr: float = 1.0
    norm: Literal["frozen", "train"] = "train"
    start: Literal["given", "random"] = "given"
    pretrain_steps: int | None = None
    pretrain_lr: float | None = None
    steps: int | None = None
    lr: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        before = self.pretrain_steps
        self.check("start", self.start in ("given", "random"), "'given' or 'random'")
        self.check("pretrain_steps", before is None or before >= 0, ">= 0, or None for the recipe's")
        self.check("steps", self.steps is None or self.steps >= 1, ">= 1, or None for the recipe's")
        anew = self.start == "random" and before == 0
        self.check("pretrain_steps", not anew, ">= 1 where start is random; without take from-scratch")
        for name in ("pretrain_lr", "lr"):
            rate = getattr(self, name)
            self.check(name, rate is None or 0 < rate < float("inf"), "> 0, or None for the recipe's")

    def recipe_overrides(self) -> Mapping[str, Any]:
        """Steps and rate of the fine-tuning, where they are given."""
        given = {"steps": self.steps, "lr": self.lr}
        return {name: value for name, value in given.items() if value is not None}

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """The pre-training with the same settings, then the fine-tuning."""
        return (self,) if self.pretrain_steps == 0 else (self.before(), self)

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The pre-trained backbone, and its head or a new one."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)

    def before(self) -> SupervisedPretraining:
        """The pre-training."""
        return SupervisedPretraining(
            start=self.start,
            steps=self.pretrain_steps,
            lr=self.pretrain_lr,
            backbone_lr=self.backbone_lr,
            lr_decay=self.lr_decay,
            last=self.last,
            norm=self.norm,
            smoothing=self.smoothing,
            weight_decay=self.weight_decay,
            head_std=self.head_std,
        )
