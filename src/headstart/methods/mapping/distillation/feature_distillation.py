import math
from dataclasses import dataclass
from typing import final

from headstart.core import (
    About,
    Backbone,
    Ctx,
    Descend,
    Distilled,
    Loss,
    Model,
    On,
    Parts,
    Task,
    TeacherView,
)
from headstart.losses.distillation.hints import hint_loss
from headstart.methods.tuning import tuned_on, tuned_parts

from ._blocks import BLOCKS, loss_with_blocks, parts_with_blocks
from ._soft_targets import StudentSettings


@final
@dataclass(frozen=True, kw_only=True)
class FeatureDistillation(StudentSettings):
    """Train a student on what blocks of its teacher give (hints), beside labels and outputs.

    Blocks are matched by their relative depth. What a student's block gives is brought to the teacher's
    width by a linear map that is learned along, and to as many places; of texts it is the mean over tokens.

    Attributes:
        weight: of the distance between blocks, >= 0; at 0 it is `distillation`.
        blocks: how many are compared, at equal distances in depth, the last one the last block, >= 1.
        grid: places along each side of a map that are kept, in [1, 7].
    """

    about = About("feature-distillation", "targets", "mapping", Distilled, "arXiv:1412.6550")
    weight: float = 1.0
    blocks: int = 2
    grid: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("weight", 0 <= self.weight < math.inf, ">= 0")
        self.check("blocks", self.blocks >= 1, ">= 1")
        self.check("grid", 1 <= self.grid <= 7, "in [1, 7]")

    def teacher_view(self) -> TeacherView | None:
        """The blocks."""
        return TeacherView(self.blocks, self.grid**2) if self.weight else None

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The student, and a linear map for each pair of blocks."""
        view = self.teacher_view()
        if view is None:
            return tuned_parts(self, backbone, task)
        return parts_with_blocks(self, backbone, task, view, projected=True)

    def moves(self) -> tuple[Descend[Distilled]]:
        """One descent on the student and the maps."""
        maps = (On(BLOCKS, weight_decay=self.weight_decay),) if self.weight else ()
        return (Descend(self.loss, on=(*tuned_on(self), *maps)),)

    def loss(self, parts: Parts, batch: Distilled, ctx: Ctx) -> Loss:
        """Labels, outputs and blocks."""
        return loss_with_blocks(self, parts, batch, self.weight, hint_loss)

    def predictor(self, parts: Parts) -> Model:
        """The student."""
        return Model.of(parts)
