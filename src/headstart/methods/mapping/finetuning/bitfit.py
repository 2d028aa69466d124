from dataclasses import dataclass
from typing import final

from torch import nn

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, selected_on, tuning_loss

from ._selected import selected_parts


@final
@dataclass(frozen=True, kw_only=True)
class BitFit(TuningSettings[Labelled]):
    """Train only the biases of the backbone, and the head.

    Attributes:
        backbone_lr: factor on the learning rate for the biases, > 0.
        norm: "frozen" keeps the statistics of batch normalisations; "train" lets them follow the data.
            Their biases learn either way.
    """

    about = About("bitfit", "start", "mapping", Labelled, "arXiv:2106.10199", display_name="BitFit")
    backbone_lr: float = 1.0

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, which must have such parameters, and a linear head."""
        return selected_parts(self, backbone, task, is_bias)

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on the head and what is selected of the backbone."""
        return (Descend(self.loss, on=selected_on(self, is_bias)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)


def is_bias(name: str, _module: nn.Module) -> bool:
    """Whether a parameter is a bias, such as "fc.bias", "attn.in_proj_bias" or "rnn.bias_hh_l0"."""
    return "bias" in name.rpartition(".")[2]
