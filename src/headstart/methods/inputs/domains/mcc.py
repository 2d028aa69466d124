from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.losses.alignment.mcc import class_confusion
from headstart.methods.tuning import tuned_on, tuned_parts

from ._alignment import AlignmentSettings, forward_domains, source_loss


@final
@dataclass(frozen=True, kw_only=True)
class MCC(AlignmentSettings):
    """Let no two classes be confused with each other on the target's rows.

    Attributes:
        temperature: divides the target's logits, > 0; above 1 the classes after the first count more.
    """

    about = About(
        "mcc",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1912.03699",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="Minimum class confusion (MCC)",
    )
    temperature: float = 2.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("temperature", 0 < self.temperature < float("inf"), "> 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and the confusion between classes on the target."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        confusion = class_confusion(outputs.target_logits, self.temperature)
        return Loss.sum(**labels, confusion=self.strength(ctx) * confusion)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
