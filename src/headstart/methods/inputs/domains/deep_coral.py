from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Domains, Loss, Model, Parts, Task
from headstart.losses.alignment.coral import coral_loss
from headstart.methods.tuning import tuned_on, tuned_parts

from ._alignment import AlignmentSettings, forward_domains, source_loss


@final
@dataclass(frozen=True, kw_only=True)
class DeepCORAL(AlignmentSettings):
    """Learn features whose covariances are the same in the source and in the target.

    Means are not compared: a head that is right about the one may be shifted on the other.
    """

    about = About(
        "deep-coral",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1607.01719",
        per_sample_loss=False,
        display_name="Deep CORAL",
    )

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Domains]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Domains, ctx: Ctx) -> Loss:
        """The label loss, and the distance of the covariances."""
        if not self.weight:
            return source_loss(parts, batch, ctx, self.smoothing)
        outputs, labels = forward_domains(parts, batch, ctx, self.smoothing)
        alignment = coral_loss(outputs.source, outputs.target)
        return Loss.sum(**labels, coral=self.strength(ctx) * alignment)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
