"""Heads whose penalty chose itself, by rows that they had not seen."""

from typing import NamedTuple

import torch
from torch import Tensor

from .logistic import logistic, logistic_path
from .ridge import one_hot, ridge_path
from .temperature import scaled_loss

RIDGE_GRID = tuple(10.0 ** (k / 2) for k in range(-6, 7))  # times the mean squared length of a row
LOGISTIC_GRID = tuple(10.0 ** (k / 2) for k in range(-7, 1))


class Choice(NamedTuple):
    """A linear head: logits are x @ weight.T + bias."""

    weight: Tensor  # (k, d)
    bias: Tensor  # (k,)
    penalty: float
    held_out: Tensor  # (n, k): logits of each row by a fit that had not seen it


def spread(x: Tensor) -> float:
    """The mean squared distance () of rows (n, d) from their mean: penalties are in its units."""
    return float((x.double() - x.double().mean(0)).square().sum(1).mean()) or 1.0


def ridge_choice(x: Tensor, y: Tensor, classes: int, penalty: float | None = None) -> Choice:
    """Ridge regression on one-hot labels y (n,), scaled to the best-calibrated logits.

    Without `penalty`, it is the one whose exact leave-one-out predictions have the least log loss
    after scaling; with it, only the scale is found so.
    """
    grid = [spread(x) * factor for factor in RIDGE_GRID] if penalty is None else [penalty]
    path = ridge_path(x.double(), one_hot(y, classes, torch.float64), grid)
    scaled = [scaled_loss(held_out, y) for held_out in path.held_out]
    best = min(range(len(grid)), key=lambda i: scaled[i][1])
    scale = scaled[best][0]
    return Choice(path.weight[best] * scale, path.bias[best] * scale, grid[best], path.held_out[best] * scale)


def logistic_choice(x: Tensor, y: Tensor, classes: int, penalty: float | None = None) -> Choice:
    """Multinomial logistic regression on labels y (n,).

    Without `penalty`, it is the one of the least log loss over five folds, which row number modulo
    five within each class makes; `held_out` are the predictions of those folds.
    """
    folds = _dealt(y, min(5, len(y)))
    grid = [spread(x) * factor for factor in LOGISTIC_GRID] if penalty is None else [penalty]
    path = logistic_path(x, y, classes, grid, folds)
    assert path.held_out is not None
    losses = [float(torch.nn.functional.cross_entropy(logits.double(), y)) for logits in path.held_out]
    best = min(range(len(grid)), key=lambda i: losses[i])
    fit = logistic(x, y, classes, grid[best])
    return Choice(fit.weight, fit.bias, grid[best], path.held_out[best])


def _dealt(y: Tensor, folds: int) -> Tensor:
    """Fold numbers (n,) that deal the rows of each class out in turn, going on over the classes."""
    order = torch.argsort(y, stable=True)
    dealt = torch.empty_like(y)
    dealt[order] = torch.arange(len(y), device=y.device) % folds
    return dealt
