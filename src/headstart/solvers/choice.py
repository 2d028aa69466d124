"""Heads whose penalty chose itself, by rows that they had not seen."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from .lbfgs import Until
from .logistic import logistic, logistic_path
from .ridge import one_hot, ridge_path
from .temperature import scaled_loss

RIDGE_GRID = tuple(10.0 ** (k / 2) for k in range(-6, 7))  # times the mean squared length of a row
LOGISTIC_GRID = tuple(10.0 ** (k / 2) for k in range(1, -8, -1))  # strongest first
STRIDE = 3  # penalties that are solved together
ROUGHLY = Until(tolerance=1e-5)  # enough to tell penalties apart; the fit itself is exact


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
    weight, bias, held_out = (values[best] * scale for values in path)
    return Choice(weight.to(x), bias.to(x), grid[best], held_out.to(x))


def logistic_choice(x: Tensor, y: Tensor, classes: int, penalty: float | None = None) -> Choice:
    """Multinomial logistic regression on labels y (n,).

    Without `penalty`, it is the one of the least log loss over five folds, to which the rows of
    each class are dealt in turn; `held_out` are the predictions of those folds. The path is
    walked from the strongest penalty down, until three in a row have brought nothing: weak ones
    take the longest.
    """
    folds = _dealt(y, min(5, len(y)))
    grid = [spread(x) * factor for factor in LOGISTIC_GRID] if penalty is None else [penalty]
    best: tuple[float, float, Tensor] | None = None
    for some in (grid[i : i + STRIDE] for i in range(0, len(grid), STRIDE)):
        path = logistic_path(x, y, classes, some, folds, until=ROUGHLY)
        assert path.held_out is not None
        losses = [float(cross_entropy(logits.double(), y)) for logits in path.held_out]
        least = min(range(len(some)), key=lambda i: losses[i])
        if best is not None and losses[least] >= best[0]:
            break
        best = (losses[least], some[least], path.held_out[least])
    assert best is not None
    fit = logistic(x, y, classes, best[1])
    return Choice(fit.weight, fit.bias, best[1], best[2])


def _dealt(y: Tensor, folds: int) -> Tensor:
    """Fold numbers (n,) that deal the rows of each class out in turn, going on over the classes."""
    order = torch.argsort(y, stable=True)
    dealt = torch.empty_like(y)
    dealt[order] = torch.arange(len(y), device=y.device) % folds
    return dealt
