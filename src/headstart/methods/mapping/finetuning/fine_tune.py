from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class FineTune(TuningSettings[Labelled]):
    """Train the whole pre-trained model on your labels."""

    about = About("fine-tune", "start", "mapping", Labelled, "arXiv:1411.1792", display_name="Fine-tuning")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
