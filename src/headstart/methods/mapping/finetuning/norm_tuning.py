from dataclasses import dataclass
from typing import final

from torch import nn

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, selected_on, tuning_loss
from headstart.nn.norms import is_norm

from ._selected import selected_parts


@final
@dataclass(frozen=True, kw_only=True)
class NormTuning(TuningSettings[Labelled]):
    """Train only the scales and shifts of the backbone's normalisations, and the head.

    Attributes:
        backbone_lr: factor on the learning rate for scales and shifts, > 0.
        norm: "frozen" keeps the statistics of batch normalisations; "train" lets them follow the data.
            Their scales and shifts learn either way.
    """

    about = About("norm-tuning", "start", "mapping", Labelled, "arXiv:1810.10703")
    backbone_lr: float = 1.0

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, which must have such parameters, and a linear head."""
        return selected_parts(self, backbone, task, of_norm)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and what is selected of the backbone."""
        return (Descend(self.loss, on=selected_on(self, of_norm)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)


def of_norm(_name: str, module: nn.Module) -> bool:
    """Whether the module that owns a parameter is a normalisation."""
    return is_norm(module)
