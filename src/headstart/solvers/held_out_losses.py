"""The loss of each row by a ridge probe that has not seen it: how good features are, row by row."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from headstart.core import label_kind_of
from headstart.solvers.leave_one_out import LeaveOneOut
from headstart.solvers.penalty_selection import RIDGE_GRID, regression_goals, spread
from headstart.solvers.platt import platt
from headstart.solvers.temperature import best_scale


def held_out_losses(x: Tensor, y: Tensor, outputs: int, groups: Tensor | None = None) -> Tensor:
    """Losses (n,) float64 of rows by the exact ridge fit without each, at the penalty of the least mean.

    Predictions are calibrated first. Of classes it is the log loss in nats, of tags the mean over them, of
    numbers the mean squared error in units of each column's variance.

    Args:
        x: features (n, d), n >= 2.
        y: labels (n, ...) of any kind.
        outputs: classes, tags or columns of numbers.
        groups: (n,) integers: rows of a group are left out together. None: each row by itself.

    Raises:
        BadData: x is not a float matrix of finite numbers, or there are fewer than two groups.
    """
    unit = spread(x)
    left_out = LeaveOneOut(x.double(), [unit * factor for factor in RIDGE_GRID], groups)
    each = [_losses(one, y) for one in left_out.answers(regression_goals(y, outputs)).held_out]
    return min(each, key=lambda losses: float(losses.mean()))


def _losses(predictions: Tensor, y: Tensor) -> Tensor:
    kind = label_kind_of(y)
    if kind == "classes":
        return cross_entropy(predictions * best_scale(predictions, y), y, reduction="none")
    if kind == "tags":
        slope, offset = platt(predictions, y)
        logits = predictions * slope + offset
        return binary_cross_entropy_with_logits(logits, y.to(logits), reduction="none").mean(1)
    size = y.double().var(0, correction=0)
    return ((predictions - y).square() / torch.where(size > 0, size, 1)).mean(1)
