import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from headstart.core import About, Backbone, Ctx, Descend, Distilled, Loss, Model, Parts, Task
from headstart.losses.distillation.decoupled import other_classes_loss, target_class_loss
from headstart.losses.label import label_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts

from ._soft_targets import outputs_of, said_by_teacher


@final
@dataclass(frozen=True, kw_only=True)
class DecoupledDistillation(TuningSettings[Distilled]):
    """Train a student on labels, and on two parts of what its teacher says, each with a weight of its own.

    One part is how probable the label is, the other the distribution among all other classes, which plain
    distillation weighs by how unsure the teacher is. Rows without a label take the teacher's class for it.

    Attributes:
        target: weight of the first part, >= 0.
        others: weight of the second part, >= 0; with both 0 it is fine-tuning.
        temperature: T, that logits are divided by before they are matched, > 0.
    """

    about = About(
        "decoupled-distillation",
        "targets",
        "mapping",
        Distilled,
        "arXiv:2203.08679",
        label_kinds=("classes",),
    )
    target: float = 1.0
    others: float = 8.0
    temperature: float = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("target", 0 <= self.target < math.inf, ">= 0")
        self.check("others", 0 <= self.others < math.inf, ">= 0")
        self.check("temperature", 0 < self.temperature < math.inf, "> 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The student: the backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Distilled]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Distilled, ctx: Ctx) -> Loss:
        """The label loss and the two divergences."""
        outputs = outputs_of(parts, batch)
        terms = {"label": label_loss(outputs, batch.y, self.smoothing, batch.weight)}
        if self.target or self.others:
            said = said_by_teacher(self, batch)
            y = _with_guesses(batch, said)
            if self.target:
                terms["target"] = self.target * target_class_loss(outputs, said, y, self.temperature)
            if self.others:
                terms["others"] = self.others * other_classes_loss(outputs, said, y, self.temperature)
        return Loss.sum(**terms)

    def predictor(self, parts: Parts) -> Model:
        """The student."""
        return Model.of(parts)


def _with_guesses(batch: Distilled, said: Tensor) -> Tensor:
    """The labels (n,), of rows without one the class that the teacher finds most probable."""
    if batch.weight is None:
        return batch.y
    guesses = (said.softmax(-1).mean(1) if said.ndim == 3 else said).argmax(1)
    return torch.where(batch.weight > 0, batch.y, guesses)
