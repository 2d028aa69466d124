from dataclasses import dataclass, fields
from typing import Any, final

from headstart.core import (
    About,
    Backbone,
    Ctx,
    Descend,
    Distilled,
    LabelKind,
    Loss,
    Method,
    Model,
    Parts,
    Task,
)
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.tuning import tuned_on, tuned_parts

from ._soft_targets import StudentSettings, outputs_of, target_terms


@final
@dataclass(frozen=True, kw_only=True)
class SelfDistillation(StudentSettings):
    """Fine-tune, then train the same backbone anew with the fine-tuned model as its teacher.

    Each further generation has the one before as its teacher (born-again networks). No other teacher is
    needed; all begin with the same pre-trained weights.

    Attributes:
        generations: students after the first model, >= 1.
    """

    about = About(
        "self-distillation",
        "targets",
        "mapping",
        Distilled,
        "arXiv:1805.04770",
        own_teacher=True,
        display_name="Self-distillation",
    )
    generations: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("generations", self.generations >= 1, ">= 1")

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """Fine-tuning with the same settings, then the generations."""
        shared = {field.name: getattr(self, field.name) for field in fields(FineTune)}
        return (FineTune(**shared), *[self] * self.generations)

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The student: the backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Distilled]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Distilled, ctx: Ctx) -> Loss:
        """The label loss and the divergence from the generation before."""
        return Loss.sum(**target_terms(self, outputs_of(parts, batch), batch))

    def predictor(self, parts: Parts) -> Model:
        """The last generation."""
        return Model.of(parts)
