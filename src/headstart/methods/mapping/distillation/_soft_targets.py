"""Settings of students, and what all of them learn from the outputs of a teacher."""

import math
from dataclasses import dataclass

from torch import Tensor

from headstart.core import (
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Distilled,
    Loss,
    Model,
    Parts,
    Task,
    label_kind_of,
)
from headstart.losses.distillation.soft_targets import soft_target_loss
from headstart.losses.label import label_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts


@dataclass(frozen=True, kw_only=True)
class StudentSettings(TuningSettings[Distilled]):
    """Settings of methods that learn from labels and from what a teacher says.

    Attributes:
        alpha: share of the label loss, in [0, 1]; the rest is that of matching the teacher's outputs. At 1
            they are not looked at.
        temperature: T, that outputs are divided by before they are matched, > 0; numbers have none.
    """

    alpha: float = 0.5
    temperature: float = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("alpha", 0 <= self.alpha <= 1, "in [0, 1]")
        self.check("temperature", 0 < self.temperature < math.inf, "> 0")


class SoftTargets(StudentSettings):
    """Training on labels and on the softened outputs of a teacher, and on nothing else."""

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The student: the backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Distilled]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Distilled, ctx: Ctx) -> Loss:
        """The label loss and the divergence from the teacher."""
        return Loss.sum(**target_terms(self, outputs_of(parts, batch), batch))

    def predictor(self, parts: Parts) -> Model:
        """The student."""
        return Model.of(parts)


def target_terms(settings: StudentSettings, outputs: Tensor, batch: Distilled) -> dict[str, Tensor]:
    """Alpha times the label loss, and 1 - alpha times that of matching the teacher; nothing with weight 0."""
    terms: dict[str, Tensor] = {}
    if settings.alpha:
        label = label_loss(outputs, batch.y, settings.smoothing, batch.weight)
        terms["label"] = label if settings.alpha == 1 else settings.alpha * label
    if settings.alpha < 1:
        kind, said = label_kind_of(batch.y), said_by_teacher(settings, batch)
        terms["teacher"] = (1 - settings.alpha) * soft_target_loss(outputs, said, settings.temperature, kind)
    return terms


def outputs_of(parts: Parts, batch: Distilled) -> Tensor:
    """The student's outputs (n, outputs)."""
    outputs: Tensor = parts["head"](parts["backbone"](batch.x))
    return outputs


def said_by_teacher(settings: TuningSettings[Distilled], batch: Distilled) -> Tensor:
    """The teacher's outputs for a batch.

    Raises:
        BadInput: the batch has none.
    """
    said = getattr(batch, "logits", None)
    if said is None:
        raise BadInput(f"{settings.about.name}: the batch has no outputs of a teacher. Give it a teacher.")
    found: Tensor = said
    return found
