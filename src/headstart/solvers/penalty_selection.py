"""Linear heads with the penalty selected on held-out rows."""

import math
from statistics import fmean
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from headstart.core import label_kind_of
from headstart.solvers.lbfgs import Until
from headstart.solvers.logistic import ABSENT, logistic, logistic_path
from headstart.solvers.means import amount, balanced, mean_of
from headstart.solvers.platt import platt
from headstart.solvers.ridge import one_hot, ridge_path
from headstart.solvers.temperature import best_scale, shrunk_scale

RIDGE_GRID = tuple(10.0 ** (k / 2) for k in range(-6, 7))  # times the mean squared length of a row
LOGISTIC_GRID = tuple(10.0 ** (k / 2) for k in range(1, -8, -1))  # strongest first
FOLDS = 5  # that a penalty is selected on
KEPT = 0.8  # of the gain in log loss over chance, by a stronger penalty
STRIDE = 3  # penalties that are solved at once
ROUGHLY = Until(tolerance=1e-5)  # precise enough to compare penalties; the final fit is exact


class SelectedHead(NamedTuple):
    """A linear head: outputs are x @ weight.T + bias."""

    weight: Tensor  # (k, d)
    bias: Tensor  # (k,)
    penalty: float
    held_out: Tensor  # (n, k): held-out outputs of each row
    scale: float = 1.0  # of ridge regression on classes: what its predictions are multiplied with


def spread(x: Tensor, weights: Tensor | None = None) -> float:
    """Mean squared distance () of rows (n, d) from their mean, the unit of penalties."""
    wide = x.double()
    return float(mean_of((wide - mean_of(wide, weights)).square().sum(1), weights)) or 1.0


def select_ridge(
    x: Tensor, y: Tensor, outputs: int, penalty: float | None = None, weights: Tensor | None = None
) -> SelectedHead:
    """Ridge regression on labels y of any kind, with the penalty selected; see `label_kind_of`.

    Classes are regressed as 0 and 1, tags as -1 and 1, and the logits are scaled so that they are
    calibrated best. Without `penalty`, it is the one whose exact leave-one-out predictions have the least
    log loss after that; of numbers, the least squared error in units of each column's variance. Of classes,
    it is the strongest whose loss is within one standard error of that (Breiman et al. 1984) and keeps
    `KEPT` of the gain over the class shares: with few rows, weak penalties look good by chance. With
    `penalty`, only the scale is fitted. Weights (n,) >= 0 of the rows apply to the fit and to the selection.
    """
    grid = _around(spread(x, weights), RIDGE_GRID) if penalty is None else [penalty]
    path = ridge_path(x.double(), regression_goals(y, outputs), grid, weights)
    scaled = [_calibrated(held_out, y, weights) for held_out in path.held_out]
    best = _strongest([each.losses for each in scaled], y, weights)
    weight, bias, held_out = (values[best] for values in path)
    slope, offset, _ = scaled[best]
    return SelectedHead(
        (weight * slope[:, None]).to(x),
        (bias * slope + offset).to(x),
        grid[best],
        (held_out * slope + offset).to(x),
        float(slope[0]),
    )


def select_logistic(
    x: Tensor,
    y: Tensor,
    outputs: int,
    penalty: float | None = None,
    folds: Tensor | None = None,
    weights: Tensor | None = None,
    equal_classes: bool = False,
) -> SelectedHead:
    """Logistic regression, multinomial on classes y (n,), binary per tag of y (n, tags), penalty selected.

    Without `penalty`, it is the strongest whose log loss over the `folds` (n,), or else five, to which the
    rows of each class are dealt in turn, is as good as the least by the rule of `select_ridge`; each tag has
    its own. What is too strong is made good by `shrunk_scale` of the logits, which are else as they are.
    `held_out` are the predictions of those folds. The path goes from the strongest penalty down, until three
    in a row bring no improvement: weak ones take the longest. Weights (n,) >= 0 of the rows apply to the fits
    and to the selection; with `equal_classes` they are `balanced` first, of tags for the rows with each and
    those without.
    """
    how = _How(penalty, folds, weights, equal_classes)
    if label_kind_of(y) == "classes":
        return _multinomial(x, y, outputs, how)
    found = [_binary(x, y[:, tag], how) for tag in range(outputs)]
    weight, bias, held_out = (torch.stack(column) for column in list(zip(*found, strict=True))[:3])
    return SelectedHead(weight, bias, fmean(one[3] for one in found), held_out.T.contiguous())


class _How(NamedTuple):
    penalty: float | None
    folds: Tensor | None
    weights: Tensor | None
    equal_classes: bool


def _binary(x: Tensor, y: Tensor, how: _How) -> tuple[Tensor, Tensor, Tensor, float]:
    """Weight (d,), bias (), held-out logits (n,) and penalty for one tag (n,).

    The penalty is that of one weight vector, as in scikit-learn: half of that of two opposite vectors.
    """
    both = how._replace(penalty=None if how.penalty is None else 2 * how.penalty)
    found = _multinomial(x, y.long(), 2, both)
    # if no row, or every row, has the tag, predict its share with half a pseudo-count on each side
    limit = math.log(2 * amount(len(y), how.weights) + 1)
    y = y if how.weights is None else y[how.weights > 0]
    weight, bias = found.weight[1] - found.weight[0], found.bias[1] - found.bias[0]
    held_out = found.held_out[:, 1] - found.held_out[:, 0]
    if bool(y.all()) or not bool(y.any()):
        bias = bias.clamp(-limit, limit)
    return weight, bias, held_out.clamp(-limit, limit), found.penalty / 2


def _multinomial(x: Tensor, y: Tensor, classes: int, how: _How) -> SelectedHead:
    penalty, folds, weights = how.penalty, how.folds, how.weights
    weights = balanced(y, weights) if how.equal_classes else weights
    folds = deal(y, min(FOLDS, len(y))) if folds is None else folds
    grid = _around(spread(x, weights), LOGISTIC_GRID) if penalty is None else [penalty]
    tried: list[tuple[float, Tensor]] = []  # penalties from weak to strong, with predictions of the folds
    losses: list[Tensor] = []
    least = math.inf
    for some in (grid[i : i + STRIDE] for i in range(0, len(grid), STRIDE)):
        path = logistic_path(x, y, classes, some, folds, weights, ROUGHLY)
        assert path.held_out is not None
        for penalty, logits in zip(some, path.held_out, strict=True):
            tried.insert(0, (penalty, logits))
            losses.insert(0, cross_entropy(logits.double(), y, reduction="none"))
        new = min(float(mean_of(each, weights)) for each in losses[: len(some)])
        if new >= least:
            break
        least = new
    penalty, held_out = tried[_strongest(losses, y, weights)]
    fit = logistic(x, y, classes, penalty, weights)
    scale = 1.0 if how.penalty is not None else _scale_of(held_out, y, weights)
    return SelectedHead(fit.weight * scale, fit.bias * scale, penalty, held_out * scale)


def _scale_of(held_out: Tensor, y: Tensor, weights: Tensor | None) -> float:
    """`shrunk_scale` of held-out logits (n, k), by rows whose class was among those of the other folds."""
    known = held_out.gather(1, y[:, None])[:, 0] > ABSENT / 2
    return shrunk_scale(held_out[known], y[known], None if weights is None else weights[known])


def _around(unit: float, grid: tuple[float, ...]) -> list[float]:
    """Penalties, given in a unit."""
    return [unit * factor for factor in grid]


def regression_goals(y: Tensor, outputs: int) -> Tensor:
    """Regression targets (n, outputs) in float64."""
    kind = label_kind_of(y)
    if kind == "classes":
        return one_hot(y, outputs, torch.float64)
    return 2 * y.double() - 1 if kind == "tags" else y.double()


class _Calibrated(NamedTuple):
    """Logits are slope * predictions + offset, both (outputs,)."""

    slope: Tensor
    offset: Tensor
    losses: Tensor  # (n,) of the rows; (1,) their mean, of tags and numbers


def _calibrated(held_out: Tensor, y: Tensor, weights: Tensor | None) -> _Calibrated:
    """Calibrate held-out predictions (n, outputs); return the calibration and the remaining loss."""
    kind, one = label_kind_of(y), held_out.new_ones(held_out.shape[1])
    if kind == "classes":
        scale = best_scale(held_out, y, weights=weights)
        losses = cross_entropy(held_out.double() * scale, y, reduction="none")
        return _Calibrated(one * scale, one * 0, losses)
    if kind == "tags":
        slope, offset = platt(held_out, y, weights=weights)
        logits = held_out * slope + offset
        counts = None if weights is None else (weights / weights.double().mean()).to(logits)[:, None]
        loss = binary_cross_entropy_with_logits(logits, y.to(logits), counts)
        return _Calibrated(slope, offset, loss[None])
    size = y.double().var(0, correction=0)
    if weights is not None:
        size = mean_of((y.double() - mean_of(y.double(), weights)).square(), weights)
    errors = mean_of((held_out - y).square(), weights) / torch.where(size > 0, size, 1)
    return _Calibrated(one, one * 0, errors.mean()[None])


def _strongest(losses: list[Tensor], y: Tensor, weights: Tensor | None) -> int:
    """The place of the penalty, by the losses (n,) of rows or (1,) with each, the weakest penalty first."""
    counts = None if weights is None or len(losses[0]) == 1 else weights.double()
    means = [float(mean_of(each, counts)) for each in losses]
    best = min(range(len(means)), key=lambda place: means[place])
    if len(losses[0]) == 1:
        return best
    counts = y.new_ones(len(y)).double() if counts is None else counts
    shares = one_hot(y, int(y.max()) + 1, torch.float64).T @ counts / counts.sum()
    limit = KEPT * means[best] + (1 - KEPT) * float(-torch.xlogy(shares, shares).sum())
    rows = float(counts.sum().square() / counts.square().sum())  # as many of equal weight
    for place in range(len(means) - 1, best, -1):
        worse = losses[place] - losses[best]
        error = float(mean_of((worse - mean_of(worse, counts)).square(), counts)) / max(rows - 1, 1)
        if means[place] <= limit and means[place] - means[best] <= math.sqrt(error):
            return place
    return best


def deal(y: Tensor, folds: int) -> Tensor:
    """Fold numbers (n,), dealt in turn within each class of y (n,) and continued over the classes."""
    order = torch.argsort(y, stable=True)
    dealt = torch.empty_like(y)
    dealt[order] = torch.arange(len(y), device=y.device) % folds
    return dealt
