from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, final

from headstart.core import (
    About,
    Backbone,
    Ctx,
    Descend,
    LabelKind,
    Loss,
    Method,
    Model,
    Parts,
    SourceLabelled,
    Task,
    make,
)
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class SupervisedPretraining(TuningSettings[SourceLabelled]):
    """Pre-train the whole model on the labels of a source task, then reuse it by another method.

    Attributes:
        start: "given" goes on from the backbone as it is; "random" begins with random weights, and then all
            of it learns, whatever `last` says.
        steps: of the pre-training, >= 1; None takes the recipe's.
        lr: the highest learning rate of the pre-training, > 0; None takes the recipe's.
        then: the method that takes the pre-trained backbone to the target, with settings after a colon; None
            takes a logistic probe, or for numbers a ridge probe.
    """

    about = About(
        "supervised-pretraining",
        "start",
        "mapping",
        SourceLabelled,
        "arXiv:1912.11370",
        display_name="Supervised pre-training",
    )
    backbone_lr: float = 1.0
    norm: Literal["frozen", "train"] = "train"
    start: Literal["given", "random"] = "given"
    steps: int | None = None
    lr: float | None = None
    then: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("start", self.start in ("given", "random"), "'given' or 'random'")
        self.check("steps", self.steps is None or self.steps >= 1, ">= 1, or None for the recipe's")
        self.check("lr", self.lr is None or 0 < self.lr < float("inf"), "> 0, or None for the recipe's")
        if self.then is not None:
            make(self.then)

    def recipe_overrides(self) -> Mapping[str, Any]:
        """Steps and rate, where they are given."""
        given = {"steps": self.steps, "lr": self.lr}
        return {name: value for name, value in given.items() if value is not None}

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """The pre-training, then the stages of the method that comes after it."""
        after = make(self.then) if self.then else linear_probe(kind)
        return (self, *after.stages(kind))

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, or an untrained twin of it, and a new head."""
        return tuned_parts(self, backbone.untrained(task.seed) if self.start == "random" else backbone, task)

    def moves(self) -> tuple[Descend[SourceLabelled]]:
        """One descent on the head and the backbone: on all of it, if it begins anew."""
        head, backbone = tuned_on(self)
        backbone = replace(backbone, blocks=None) if self.start == "random" else backbone
        return (Descend(self.loss, on=(head, backbone)),)

    def loss(self, parts: Parts, batch: SourceLabelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
