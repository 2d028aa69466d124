from dataclasses import dataclass
from typing import Literal, final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.adapting import adapted_parts, adapters_on, folded_model
from headstart.methods.tuning import TuningSettings, tuning_loss
from headstart.nn import adapters


@final
@dataclass(frozen=True, kw_only=True)
class ConvAdapters(TuningSettings[Labelled]):
    """Train a matrix of the channels at each convolution, and the head; it folds into the filters.

    Attributes:
        how: "series" puts the matrix after each convolution, "parallel" beside it.
        at: patterns for the paths of layers in the backbone, with "|" between; "": all convolutions or, where
            there are none, all linear layers, which are convolutions of size 1.
        backbone_lr: factor on the learning rate for the adapters, > 0.
    """

    about = About(
        "conv-adapters", "start", "mapping", Labelled, "arXiv:1803.10082", display_name="Residual adapters"
    )
    how: Literal["series", "parallel"] = "series"
    at: str = ""
    backbone_lr: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("how", self.how in ("series", "parallel"), "'series' or 'parallel'")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone with adapters at its convolutions, and a linear head."""
        return adapted_parts(self, adapters.ConvAdapters(how=self.how, at=self.at), backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and the adapters."""
        return (Descend(self.loss, on=adapters_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone, with the adapters folded into its filters, and head."""
        return folded_model(parts)
