from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Distilled, Loss, Model, Parts, Task
from headstart.methods.tuning import tuned_on, tuned_parts

from ._soft_targets import StudentSettings, outputs_of, target_terms


@final
@dataclass(frozen=True, kw_only=True)
class Distillation(StudentSettings):
    """Train a student on labels and on the softened outputs of a teacher.

    The loss is alpha * label loss + (1 - alpha) * T^2 * KL(teacher at T || student at T).
    """

    about = About("distillation", "targets", "mapping", Distilled, "arXiv:1503.02531")

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
