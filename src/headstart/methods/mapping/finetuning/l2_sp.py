import copy
from dataclasses import dataclass
from typing import final

from torch import nn

from headstart.core import About, Backbone, Ctx, Labelled, Loss, Parts, Task
from headstart.losses.anchor import squared_distance
from headstart.methods.mapping._tuning import Tuning


@final
@dataclass(frozen=True, kw_only=True)
class L2SP(Tuning):
    """Fine-tune with a spring from each weight of the backbone to where it started.

    Weight decay pulls towards 0 and so forgets the start; here it is replaced.

    Attributes:
        alpha: strength of the pull of the backbone to its start, >= 0.
        beta: strength of the pull of the head to 0, >= 0.
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
        """The start, which stays, beside what learns."""
        start = copy.deepcopy(backbone)
        return Parts({**super().parts(backbone, task), "start": start})

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """Cross-entropy + alpha / 2 * ||w - w0||^2 + beta / 2 * ||head||^2."""
        loss = super().loss(parts, batch, ctx)
        pairs = list(zip(parts["backbone"].parameters(), parts["start"].parameters(), strict=True))
        pairs = [(now, start) for now, start in pairs if now.requires_grad]
        terms = dict(loss.terms)
        if self.alpha and pairs:
            terms["start"] = self.alpha / 2 * squared_distance(*zip(*pairs, strict=True))
        if self.beta:
            weights = nn.utils.parameters_to_vector(parts["head"].parameters())
            terms["head"] = self.beta / 2 * weights.square().sum()
        return Loss.sum(**terms)
