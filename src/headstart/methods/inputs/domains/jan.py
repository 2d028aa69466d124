from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.losses.alignment.jan import joint_mmd_loss
from headstart.methods.tuning import tuned_on, tuned_parts

from ._alignment import AlignmentSettings, forward_domains, probabilities, source_loss


@final
@dataclass(frozen=True, kw_only=True)
class JAN(AlignmentSettings):
    """Learn features whose joint distribution with the predictions is the same in both domains.

    Attributes:
        bandwidth: of the kernel on the features, > 0, in their units; None takes it from the rows at hand, as
            that on the answers is. Each is the mean of five with a quarter to four times its square.
    """

    about = About(
        "jan",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1605.06636",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="Joint adaptation network (JAN)",
    )
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("bandwidth", self.bandwidth is None or 0 < self.bandwidth < float("inf"), "> 0, or None")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and the joint maximum mean discrepancy of features and probabilities."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        source = (outputs.source, probabilities(outputs.source_logits))
        target = (outputs.target, probabilities(outputs.target_logits))
        alignment = joint_mmd_loss(source, target, bandwidths=(self.bandwidth, None))
        return Loss.sum(**labels, **{"joint mmd": self.strength(ctx) * alignment})

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
