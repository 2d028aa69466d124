import math
from dataclasses import dataclass
from typing import final

from headstart.core import (
    About,
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Distilled,
    Loss,
    Model,
    Parts,
    Task,
    TeacherView,
)
from headstart.losses.distillation.attention import attention_loss
from headstart.methods.tuning import tuned_on, tuned_parts
from headstart.nn.seen_blocks import seen_shapes

from ._blocks import loss_with_blocks, parts_with_blocks
from ._soft_targets import StudentSettings


@final
@dataclass(frozen=True, kw_only=True)
class AttentionTransfer(StudentSettings):
    """Train a student to be active at the same places as its teacher, beside labels and outputs.

    The attention map of a block is the mean over features of squared activations, at each place of a map
    or token of a picture. Blocks are matched by their relative depth; widths may differ.

    Attributes:
        weight: of the distance between attention maps, >= 0; at 0 it is `distillation`.
        blocks: how many are compared, at equal distances in depth, the last one the last block, >= 1.
        grid: places along each side of a map that are kept, in [2, 7].
    """

    about = About(
        "attention-transfer", "targets", "mapping", Distilled, "arXiv:1612.03928", needs_places=True
    )
    weight: float = 1.0
    blocks: int = 3
    grid: int = 7

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("weight", 0 <= self.weight < math.inf, ">= 0")
        self.check("blocks", self.blocks >= 1, ">= 1")
        self.check("grid", 2 <= self.grid <= 7, "in [2, 7]")

    def teacher_view(self) -> TeacherView | None:
        """The activity at the places of blocks."""
        return TeacherView(self.blocks, self.grid**2, squares=True) if self.weight else None

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The student, and which blocks are compared.

        Raises:
            BadInput: blocks have a single place, as of texts, rows of numbers or tables.
        """
        view = self.teacher_view()
        if view is None:
            return tuned_parts(self, backbone, task)
        for whose, shapes in (
            ("student", seen_shapes(backbone, task.shape, view)),
            ("teacher", task.teacher),
        ):
            if max((places for places, _ in shapes), default=0) < 2:
                raise BadInput(
                    f"attention-transfer compares where blocks are active, and those of the {whose} have a "
                    "single place. Give networks of pictures, or take feature-distillation."
                )
        return parts_with_blocks(self, backbone, task, view, projected=False)

    def moves(self) -> tuple[Descend[Distilled]]:
        """One descent on the student."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Distilled, ctx: Ctx) -> Loss:
        """Labels, outputs and attention maps."""
        return loss_with_blocks(self, parts, batch, self.weight, attention_loss)

    def predictor(self, parts: Parts) -> Model:
        """The student."""
        return Model.of(parts)
