"""Multinomial logistic regression of many small tasks at once, each with rows of its own.

The objective is that of `logistic`, for each task: sum_i cross-entropy_i + penalty / 2 * ||W||^2, the bias
not penalised. Rows are turned to the principal axes of their task, of which there are no more than rows.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from . import checks
from .lbfgs import Softmax, Until, minimise
from .logistic import ABSENT

PRECISE = Until(1e-8, 1000)


class TaskLogistic(NamedTuple):
    """The solutions: logits (t, q, k) are x @ weight.mT + bias[:, None]."""

    weight: Tensor  # (t, k, d)
    bias: Tensor  # (t, k), -10000 of a class without rows
    converged: Tensor  # (t,) bool


@dataclass(frozen=True)
class _Tasks(Softmax):
    """As `Softmax`, with x (t, n, q), xt (t, q, n) and y (t, k, n)."""

    def logits(self, parameters: Tensor) -> Tensor:
        return parameters @ self.xt

    def gradient(self, slopes: Tensor, parameters: Tensor) -> Tensor:
        return slopes @ self.x + self.penalty * parameters


def logistic_tasks(
    x: Tensor, y: Tensor, classes: int, penalty: float, until: Until = PRECISE
) -> TaskLogistic:
    """Fit t tasks of n rows each.

    Args:
        x: features (t, n, d), finite; computed in float64, and returned in the precision of x.
        y: labels (t, n) in [0, classes).
        classes: k, >= 1.
        penalty: > 0.
        until: when to stop.

    Raises:
        BadData: features are not finite.
        BadInput: the penalty is not positive.
    """
    [penalty] = checks.penalties([penalty])
    wide = checks.features(x.flatten(0, 1)).view(x.shape)
    y = y.to(wide.device)
    mean = wide.mean(1, keepdim=True)
    left, spread, basis = torch.linalg.svd(wide - mean, full_matrices=False)
    inner = torch.cat([left * spread[:, None], torch.ones_like(left[..., :1])], 2)
    hot = one_hot(y, classes).mT.to(inner).contiguous()
    penalties = torch.full_like(inner[0, 0], penalty)
    penalties[-1] = 0
    problem = _Tasks(inner, inner.mT.contiguous(), hot, torch.ones_like(inner[..., 0]), penalties)
    shares = hot.mean(2)  # (t, k)
    start = torch.zeros_like(hot[..., :1]).expand(-1, -1, inner.shape[2]).clone()
    start[..., -1] = _centred(shares.log(), shares > 0)
    end = minimise(problem, start, _metric(shares, spread.square(), penalties, x.shape[1]), until)
    weight = end.parameters[..., :-1] @ basis
    weight = (weight - weight.mean(1, keepdim=True)).masked_fill((shares == 0)[..., None], 0)
    bias = end.parameters[..., -1] - (weight @ mean.mT)[..., 0]
    return TaskLogistic(weight.to(x), _centred(bias, shares > 0).to(x), end.converged)


def _metric(shares: Tensor, spectrum: Tensor, penalties: Tensor, rows: int) -> Tensor:
    """An estimate of the diagonal of the Hessian (t, k, q) where each row has the shares of the classes."""
    mass = (shares - shares.square()).clamp_min(1e-3)
    scale = torch.cat([spectrum, torch.full_like(spectrum[:, :1], rows)], 1)
    return mass[..., None] * scale[:, None] + penalties.clamp_min(1e-12)


def _centred(bias: Tensor, present: Tensor) -> Tensor:
    """Biases (t, k) with mean 0 over the classes that are present, and `ABSENT` for the others."""
    bias = bias.masked_fill(~present, 0)
    mean = bias.sum(1, keepdim=True) / present.sum(1, keepdim=True)
    return (bias - mean).masked_fill(~present, ABSENT)
