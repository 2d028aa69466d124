import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Descend, Do, Grouped, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on

from ._groups import GROUPS, group_of, group_weighted_loss, grouped_parts, groups_in


@final
@dataclass(frozen=True, kw_only=True)
class GroupDRO(TuningSettings[Grouped]):
    """Fine-tune for the worst group: the share of a group in the loss grows with its loss.

    A group is a class with a value of the data's attribute, such as cows on sand; of data without
    attributes it is a class. Every step multiplies the share of each group in the batch by
    exp(eta * its loss), makes the shares sum to 1 again, and descends the sum of shares times losses.

    Attributes:
        eta: how fast the shares change, >= 0; at 0 it is group-balanced fine-tuning.
        adjustment: C in C / sqrt(rows of the group), which is added to its loss so that small groups
            are fitted more firmly, as they generalise less, >= 0.
    """

    about = About(
        "group-dro",
        "start",
        "mapping",
        Grouped,
        "arXiv:1911.08731",
        label_kinds=("classes",),
        display_name="Group DRO",
    )
    eta: float = 0.1
    adjustment: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("eta", 0 <= self.eta < math.inf, ">= 0")
        self.check("adjustment", 0 <= self.adjustment < math.inf, ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, a linear head and the groups."""
        return grouped_parts(self, backbone, task)

    def moves(self) -> tuple[Any, ...]:
        """The shares first, then a descent with them."""
        shares = (Do(self.shares, changes=(GROUPS,)),) if self.eta else ()
        return (*shares, Descend(self.loss, on=tuned_on(self)))

    def loss(self, parts: Parts, batch: Grouped, ctx: Ctx) -> Loss:
        """The label loss, each row weighted by its group."""
        return group_weighted_loss(self, parts, batch)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)

    def shares(self, parts: Parts, batch: Grouped, ctx: Ctx) -> None:
        """q_g * exp(eta * loss_g), over their sum; that of a group that is not in the batch does not grow."""
        groups = groups_in(parts)
        logits = parts["head"](parts["backbone"](batch.x)).float()
        each = cross_entropy(logits, batch.y, label_smoothing=self.smoothing, reduction="none")
        losses = ctx.gather(each if batch.weight is None else each * batch.weight)
        group = ctx.gather(group_of(batch, self.about.name))
        here = torch.zeros_like(groups.q).index_fill_(0, group, 1.0)
        loss = groups.means(losses, group) + here * self.adjustment / groups.rows.clamp_min(1).sqrt()
        grown = groups.q.clamp_min(1e-30).log() + self.eta * loss
        grown = grown.masked_fill(groups.rows == 0, -math.inf)
        groups.q.copy_(grown.softmax(0))
