from dataclasses import dataclass, replace
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class GradualUnfreezing(TuningSettings[Labelled]):
    """Train the head first, then one more block at a time, from the last one down to the first.

    When a block begins is a function of the progress, so a resumed run continues as it was.

    Attributes:
        begin: progress in [0, 1) at which the last block begins; before it only the head learns.
        full: progress in [begin, 1) at which the first block begins and all of it learns.
    """

    about = About("gradual-unfreezing", "start", "mapping", Labelled, "arXiv:1801.06146")
    begin: float = 0.1
    full: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("begin", 0 <= self.begin < 1, "in [0, 1)")
        self.check("full", self.begin <= self.full < 1, f"at least begin, which is {self.begin!r}, and < 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent, on the head from the start and on one block after the other."""
        head, backbone = tuned_on(self)
        blocks = replace(backbone, since=self.begin, spread=self.full - self.begin)
        return (Descend(self.loss, on=(head, blocks)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
