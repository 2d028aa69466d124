"""What the methods that know groups share: how many rows each has, and what each row weighs."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import Backbone, BadInput, Ctx, Grouped, Loss, Parts, Task
from headstart.losses.label import label_loss
from headstart.methods.mapping._tuning import Tuning

GROUPS = "groups"


class Groups(nn.Module):
    """The groups of the training rows.

    Buffers:
        rows: float32 (groups,), how many rows each has.
        q: float32 (groups,), the share of each in the loss; 0 of those without rows, 1 in all.
    """

    rows: Tensor
    q: Tensor

    def __init__(self, rows: Tensor) -> None:
        """Give every group that has rows the same share."""
        super().__init__()
        there = (rows > 0).float()
        self.register_buffer("rows", rows.float())
        self.register_buffer("q", there / there.sum())

    def weights(self, group: Tensor) -> Tensor:
        """(n,): q_g * n / n_g for rows of groups (n,); 1 on average over the data."""
        each: Tensor = self.q * self.rows.sum() / self.rows.clamp_min(1)
        return each[group]

    def means(self, losses: Tensor, group: Tensor) -> Tensor:
        """(groups,): the mean of losses (n,) over the rows of each group; 0 of one without rows here."""
        total = torch.zeros_like(self.q).index_add_(0, group, losses.to(self.q))
        count = torch.zeros_like(self.q).index_add_(0, group, torch.ones_like(losses).to(self.q))
        return total / count.clamp_min(1)


@dataclass(frozen=True, kw_only=True)
class ByGroup(Tuning):
    """Descends the label loss with a weight for each row that its group decides."""

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """As for all tuning, and the groups.

        Raises:
            BadInput: the task does not say how many rows each group has.
        """
        rows = torch.tensor(task.groups, dtype=torch.float32)
        if not bool((rows > 0).any()):
            raise BadInput(f"{self.about.name}: the task has no groups. Give data with classes.")
        return Parts({**super().parts(backbone, task), GROUPS: Groups(rows)})

    def loss(self, parts: Parts, batch: Any, ctx: Ctx) -> Loss:
        """The mean over the rows of their weights times their losses."""
        groups, group = parts[GROUPS], group_of(batch, self.about.name)
        assert isinstance(groups, Groups)
        weight = groups.weights(group)
        weight = weight if batch.weight is None else weight * batch.weight
        logits = parts["head"](parts["backbone"](batch.x))
        return Loss.sum(label=label_loss(logits, batch.y, self.smoothing, weight))


def group_of(batch: Any, name: str) -> Tensor:
    """The groups (n,) of the rows.

    Raises:
        BadInput: the batch does not name them.
    """
    if not isinstance(batch, Grouped) or batch.group is None:
        raise BadInput(
            f"{name}: the batch does not say which group each row is of. Give Grouped(x, y, group=...)."
        )
    return batch.group
