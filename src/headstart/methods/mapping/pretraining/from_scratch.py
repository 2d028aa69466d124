from dataclasses import dataclass
from typing import Literal, final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class FromScratch(TuningSettings[Labelled]):
    """Train the same architecture from random weights: what transfer has to beat."""

    about = About("from-scratch", "nothing", "mapping", Labelled, "arXiv:1811.08883")
    backbone_lr: float = 1.0
    norm: Literal["frozen", "train"] = "train"

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """An untrained twin of the backbone, and a new head."""
        return tuned_parts(self, backbone.untrained(task.seed), task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
