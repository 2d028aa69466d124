from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import tuned_on, tuned_parts, tuning_loss

from ._probed import ProbedSettings


@final
@dataclass(frozen=True, kw_only=True)
class LPFT(ProbedSettings):
    """Fine-tune from the head of a linear probe.

    The first stage is a logistic probe; the second starts from its head, so that the gradients of a
    random head do not distort the features.
    """

    about = About("lp-ft", "start", "mapping", Labelled, "arXiv:2202.10054", display_name="LP-FT")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and the head of the probe."""
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
