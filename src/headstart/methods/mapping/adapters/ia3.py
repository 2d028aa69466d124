from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.adapting import adapted_parts, adapters_on, folded_model
from headstart.methods.tuning import TuningSettings, tuning_loss
from headstart.nn import adapters


@final
@dataclass(frozen=True, kw_only=True)
class IA3(TuningSettings[Labelled]):
    """Scale keys, values and inner activations of a transformer by vectors; only they learn, and the head.

    In a net that is no transformer, the outputs of all linear layers are scaled.

    Attributes:
        backbone_lr: factor on the learning rate for the scales, > 0.
    """

    about = About("ia3", "start", "mapping", Labelled, "arXiv:2205.05638", display_name="(IA)3")
    backbone_lr: float = 1.0

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with scales, and a linear head."""
        return adapted_parts(self, adapters.IA3(), backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and the scales."""
        return (Descend(self.loss, on=adapters_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone, with the scales multiplied into its weights, and head."""
        return folded_model(parts)
