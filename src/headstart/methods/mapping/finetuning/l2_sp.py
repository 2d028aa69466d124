import copy
from dataclasses import dataclass
from typing import final

from torch import nn

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.losses.anchor import squared_distance
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


@final
@dataclass(frozen=True, kw_only=True)
class L2SP(TuningSettings[Labelled]):
    """Fine-tune with an L2 penalty on the distance of the backbone's weights to their start.

    Weight decay shrinks weights towards 0 and so forgets the start; here it is replaced.

    Attributes:
        alpha: weight of the penalty on the distance of the backbone to its start, >= 0.
        beta: weight of the L2 penalty on the head, >= 0.
        weight_decay: as for fine-tuning, but 0 unless asked for.
    """

    about = About("l2-sp", "start", "mapping", Labelled, "arXiv:1802.01483", display_name="L2-SP")
    alpha: float = 0.1
    beta: float = 0.01
    weight_decay: float | None = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("alpha", self.alpha >= 0, ">= 0")
        self.check("beta", self.beta >= 0, ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone and a linear head, and a frozen copy of the start."""
        start = copy.deepcopy(backbone)
        return Parts({**tuned_parts(self, backbone, task), "start": start})

    def moves(self) -> tuple[Descend[Labelled]]:
        """One descent on backbone and head."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """Label loss + alpha / 2 * ||w - w0||^2 + beta / 2 * ||head||^2."""
        terms = dict(tuning_loss(parts, batch, self.smoothing).terms)
        pairs = list(zip(parts["backbone"].parameters(), parts["start"].parameters(), strict=True))
        pairs = [(now, start) for now, start in pairs if now.requires_grad]
        if self.alpha and pairs:
            terms["start"] = self.alpha / 2 * squared_distance(*zip(*pairs, strict=True))
        if self.beta:
            weights = nn.utils.parameters_to_vector(parts["head"].parameters())
            terms["head"] = self.beta / 2 * weights.square().sum()
        return Loss.sum(**terms)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
