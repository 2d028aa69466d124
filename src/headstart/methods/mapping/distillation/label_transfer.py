import math
from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor

from headstart.core import About, Backbone, Ctx, Descend, Distilled, Loss, Model, Parts, Task, label_kind_of
from headstart.losses.distillation.soft_targets import soft_target_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts

from ._soft_targets import outputs_of, said_by_teacher


@final
@dataclass(frozen=True, kw_only=True)
class LabelTransfer(TuningSettings[Distilled]):
    """Train a student on what its teacher says of any rows, and on no labels.

    The student predicts the teacher's classes, also those of which there are no rows at all: what the teacher
    says of other rows tells of them. Their biases come out too low. Where there are unlabelled rows as the
    student will meet them, the biases alone are fitted to those, so that the mean predicted probability of
    each class is its prior.

    Attributes:
        temperature: T, that outputs are divided by before they are matched, > 0; numbers have none.
        prior: of each class among the unlabelled rows: "teacher" takes the mean probability that the teacher
            gives it there, "equal" the same for all; "none" corrects no bias.
    """

    about = About(
        "label-transfer", "targets", "mapping", Distilled, "arXiv:1503.02531", labels_of_teacher=True
    )
    temperature: float = 4.0
    prior: Literal["teacher", "equal", "none"] = "teacher"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("temperature", 0 < self.temperature < math.inf, "> 0")
        self.check("prior", self.prior in ("teacher", "equal", "none"), "'teacher', 'equal' or 'none'")

    def class_shares(self, said: Tensor) -> Tensor | None:
        """The prior (classes,) by what the teacher says of the unlabelled rows, logits (n, classes)."""
        if self.prior == "none":
            return None
        if self.prior == "equal":
            return torch.full((said.shape[-1],), 1 / said.shape[-1])
        return said.softmax(-1).flatten(0, -2).mean(0)

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The student: the backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Distilled]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Distilled, ctx: Ctx) -> Loss:
        """The divergence from the teacher."""
        said, kind = said_by_teacher(self, batch), label_kind_of(batch.y)
        return Loss.sum(teacher=soft_target_loss(outputs_of(parts, batch), said, self.temperature, kind))

    def predictor(self, parts: Parts) -> Model:
        """The student."""
        return Model.of(parts)
