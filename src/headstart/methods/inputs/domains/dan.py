from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.losses.alignment.mmd import mmd_loss
from headstart.methods.tuning import tuned_on, tuned_parts

from ._alignment import AlignmentSettings, forward_domains, source_loss


@final
@dataclass(frozen=True, kw_only=True)
class DAN(AlignmentSettings):
    """Learn features that have the same distribution in both domains, as a kernel sees it (MMD).

    Attributes:
        bandwidth: of the kernel, > 0, in units of the features; None takes it from the rows at hand. Five
            kernels with a quarter to four times its square are averaged.
    """

    about = About(
        "dan",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1502.02791",
        per_sample_loss=False,
        display_name="Deep adaptation network (DAN, MMD)",
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
        """The label loss, and the maximum mean discrepancy of the features."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        alignment = mmd_loss(outputs.source, outputs.target, bandwidth=self.bandwidth)
        return Loss.sum(**labels, mmd=self.strength(ctx) * alignment)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
