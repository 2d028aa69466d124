import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from headstart.core import About, Backbone, Ctx, Descend, Distilled, Loss, Model, Parts, Task, TeacherView
from headstart.losses.distillation.relational import angle_loss, distance_loss
from headstart.methods.tuning import tuned_on, tuned_parts

from ._blocks import seen_of_teacher
from ._soft_targets import StudentSettings, target_terms


@final
@dataclass(frozen=True, kw_only=True)
class RelationalDistillation(StudentSettings):
    """Train a student to see rows as far apart, and at the same angles, as its teacher does.

    Distances between all pairs and angles of all triples of a batch are compared, of the features that the
    heads read, so that widths may differ.

    Attributes:
        distance: weight of the distances, >= 0.
        angle: weight of the angles, >= 0; with both 0 it is `distillation`.
    """

    about = About(
        "relational-distillation", "targets", "mapping", Distilled, "arXiv:1904.05068", per_sample_loss=False
    )
    distance: float = 1.0
    angle: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("distance", 0 <= self.distance < math.inf, ">= 0")
        self.check("angle", 0 <= self.angle < math.inf, ">= 0")

    def recipe_overrides(self) -> Mapping[str, Any]:
        """Batches are computed whole, as all their rows are compared."""
        return {"accumulate": 1}

    def teacher_view(self) -> TeacherView | None:
        """The features that its head reads."""
        return TeacherView() if self.distance or self.angle else None

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The student."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Distilled]]:
        """One descent on backbone and head."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Distilled, ctx: Ctx) -> Loss:
        """Labels, outputs, and the relations between the rows of all processes."""
        features = parts["backbone"](batch.x)
        terms = target_terms(self, parts["head"](features), batch)
        if self.distance or self.angle:
            mine, theirs = ctx.gather(features), ctx.gather(seen_of_teacher(self, batch))
            terms |= self._relations(mine, theirs)
        return Loss.sum(**terms)

    def predictor(self, parts: Parts) -> Model:
        """The student."""
        return Model.of(parts)

    def _relations(self, mine: Tensor, theirs: Tensor) -> dict[str, Tensor]:
        terms: dict[str, Tensor] = {}
        if self.distance:
            terms["distance"] = self.distance * distance_loss(mine, theirs)
        if self.angle:
            terms["angle"] = self.angle * angle_loss(mine, theirs)
        return terms
