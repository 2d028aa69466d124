from dataclasses import dataclass, fields
from typing import Any, final

from headstart.core import About, Distilled, LabelKind, Method
from headstart.methods.mapping.finetuning.fine_tune import FineTune

from ._soft_targets import SoftTargets


@final
@dataclass(frozen=True, kw_only=True)
class SelfDistillation(SoftTargets):
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
