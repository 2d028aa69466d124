import copy
from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import tuned_on, tuned_parts, tuning_loss

from ._interpolation import interpolate
from ._probed import ProbedSettings


@final
@dataclass(frozen=True, kw_only=True)
class WiSEFT(ProbedSettings):
    """Fine-tune from a probe, then interpolate between the weights of the start and of the end.

    Attributes:
        alpha: how far from the start, the probed backbone, to the end, the tuned one, in [0, 1].
    """

    about = About("wise-ft", "start", "mapping", Labelled, "arXiv:2109.01903", display_name="WiSE-FT")
    alpha: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("alpha", 0 <= self.alpha <= 1, "in [0, 1]")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and the head of the probe, and a frozen copy of both."""
        parts = tuned_parts(self, backbone, task)
        return Parts({**parts, "start": copy.deepcopy(Model.of(parts))})

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on backbone and head."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """(1 - alpha) * start + alpha * end."""
        return interpolate(parts["start"], Model.of(parts), self.alpha)
