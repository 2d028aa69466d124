"""The groups of the training rows and their weights in the loss."""

from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import Backbone, BadInput, Grouped, Loss, Parts, Task
from headstart.losses.label import label_loss
from headstart.methods.tuning import TuningSettings, tuned_parts

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


def grouped_parts(settings: TuningSettings[Grouped], backbone: Backbone, task: Task) -> Parts:
    """The backbone, a linear head and the groups.

    Raises:
        BadInput: the task does not say how many rows each group has.
    """
    rows = torch.tensor(task.groups, dtype=torch.float32)
    if not bool((rows > 0).any()):
        raise BadInput(f"{settings.about.name}: the task has no groups. Give data with classes.")
    return Parts({**tuned_parts(settings, backbone, task), GROUPS: Groups(rows)})


def group_weighted_loss(settings: TuningSettings[Grouped], parts: Parts, batch: Grouped) -> Loss:
    """The mean of the label losses of the rows, each weighted by its group."""
    weight = groups_in(parts).weights(group_of(batch, settings.about.name))
    weight = weight if batch.weight is None else weight * batch.weight
    logits = parts["head"](parts["backbone"](batch.x))
    return Loss.sum(label=label_loss(logits, batch.y, settings.smoothing, weight))


def groups_in(parts: Parts) -> Groups:
    """The part that holds the groups."""
    groups = parts[GROUPS]
    assert isinstance(groups, Groups)
    return groups


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
