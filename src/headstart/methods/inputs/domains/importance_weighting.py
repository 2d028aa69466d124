from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss

from .row_weighting import RowWeighting


@final
@dataclass(frozen=True, kw_only=True)
class ImportanceWeighting(RowWeighting, TuningSettings[Labelled]):
    """Fine-tune on the source with each row counted by how much likelier it is in the target.

    The weights come from features of the frozen backbone. Without a target it is plain fine-tuning.
    """

    about = About(
        "importance-weighting",
        "mapping",
        "inputs",
        Labelled,
        "doi:10.1016/S0378-3758(00)00115-4",
        weights_source_rows=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_weighting()

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head."""
        return tuned_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on both."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss, weighted by row."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
