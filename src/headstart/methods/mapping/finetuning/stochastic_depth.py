from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, BadInput, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss
from headstart.nn.depth import set_depth


@final
@dataclass(frozen=True, kw_only=True)
class StochasticDepth(TuningSettings[Labelled]):
    """Fine-tune while residual branches are left out at random, the last ones the most.

    It needs an architecture with places for that, as most residual networks and transformers have.

    Attributes:
        drop: probability in [0, 1) with which the last branch is left out; the l-th of L has
            drop * l / L.
    """

    about = About("stochastic-depth", "start", "mapping", Labelled, "arXiv:1603.09382", stochastic_loss=True)
    drop: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("drop", 0 <= self.drop < 1, "in [0, 1)")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, which drops branches in training, and a head."""
        parts = tuned_parts(self, backbone, task)  # the head first: it draws the same numbers as without
        if self.drop and not set_depth(backbone, self.drop):
            raise BadInput(
                "stochastic-depth: this backbone has no branches to leave out (no module called drop_path, "
                "DropPath or StochasticDepth). Take fine-tune, or delta to hold on to the start."
            )
        return parts

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on backbone and head."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
