"""Ridge regression in closed form: one factorisation serves every penalty.

All of it minimises, over W (d, k) and the intercept b (k,),

    ||Y - X W - b||^2 + penalty * ||W||^2

where the intercept is not penalised, and a row with a weight counts that many times. A classifier is
a regression on one-hot targets that predicts the largest output (Rifkin & Lippert 2007,
MIT-CSAIL-TR-2007-025). Sums, not means: the penalty is scikit-learn's `alpha`. Everything is computed
in float64 and returned in the precision of X.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.core import BadData

from . import checks
from .means import counted, lift, mean_of, rooted, unrooted


class Ridge(NamedTuple):
    """The solution for one penalty: predictions are x @ weight.T + bias."""

    weight: Tensor  # (k, d)
    bias: Tensor  # (k,)


class RidgePath(NamedTuple):
    """The solutions for p penalties, with their leave-one-out predictions."""

    weight: Tensor  # (p, k, d)
    bias: Tensor  # (p, k)
    held_out: Tensor  # (p, n, k): row i predicted by the fit on all rows but i


def one_hot(y: Tensor, classes: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """One-hot targets (n, classes) of labels y (n,) in [0, classes).

    Raises:
        BadData: a label is not an integer in [0, classes).
    """
    y = checks.labels(y, classes, len(y))
    return torch.nn.functional.one_hot(y, classes).to(dtype)


def ridge(x: Tensor, y: Tensor, penalty: float, weights: Tensor | None = None) -> Ridge:
    """Fit one penalty to features x (n, d) and targets y (n, k), with optional row weights (n,) >= 0.

    Solves with the Gram matrix of the smaller side: d x d, or n x n where there are fewer rows.

    Raises:
        BadData: x or y is not a float matrix of finite numbers, or they differ in rows.
        BadInput: the penalty is not a positive finite number, or weights are negative.
    """
    counts = None if weights is None else checks.row_weights(weights, len(x))
    wide, goal = _centred(x, y, counts)
    [penalty] = checks.penalties([penalty])
    rows, goals = rooted(wide.value, counts), rooted(goal.value, counts)
    if len(rows) < rows.shape[1]:
        gram = rows @ rows.T
        weight = rows.T @ torch.linalg.solve(_raised(gram, penalty), goals)
    else:
        gram = rows.T @ rows
        weight = torch.linalg.solve(_raised(gram, penalty), rows.T @ goals)
    bias = goal.mean - wide.mean @ weight
    return Ridge(weight.T.contiguous().to(x), bias.to(x))


def ridge_path(
    x: Tensor, y: Tensor, penalties: Sequence[float] | Tensor, weights: Tensor | None = None
) -> RidgePath:
    """Fit p penalties to x (n, d), y (n, k), with the exact leave-one-out predictions of each.

    One eigendecomposition of the smaller Gram matrix gives all of them. A row's leave-one-out
    residual is its residual divided by 1 - h, h being its leverage, so nothing is refitted
    (Golub, Heath & Wahba 1979, doi:10.1080/00401706.1979.10489751).

    Args:
        x: features (n, d), n >= 2.
        y: targets (n, k), floats.
        penalties: p numbers > 0, in any order.
        weights: (n,) >= 0, of the rows; a row is left out with its whole weight. None: all 1.

    Raises:
        BadData: x or y is not a float matrix of finite numbers, they differ in rows, or n < 2.
        BadInput: a penalty is not a positive finite number, or weights are negative.
    """
    counts = None if weights is None else counted(weights, len(x))
    if weights is not None and not bool((weights > 0).all()):
        return _without(weights > 0, x, y, penalties, weights)
    wide, goal = _centred(x, y, counts)
    values = torch.tensor(checks.penalties(penalties), dtype=torch.float64, device=wide.mean.device)
    if len(x) < 2:
        raise BadData("Leaving one row out needs two rows or more.")
    solve = _path_by_rows if len(x) <= x.shape[1] else _path_by_width
    weight, residuals, room = solve(rooted(wide.value, counts), rooted(goal.value, counts), values, counts)
    held_out = goal.value + goal.mean - unrooted(residuals / room.T[..., None], counts)
    bias = goal.mean - torch.einsum("pkd,d->pk", weight, wide.mean)
    return RidgePath(weight.to(x), bias.to(x), held_out.to(x))


def _without(
    some: Tensor, x: Tensor, y: Tensor, penalties: Sequence[float] | Tensor, weights: Tensor
) -> RidgePath:
    """The path of `some` (n,) rows; the others have weight 0 and get the predictions of these."""
    path = ridge_path(x[some], y[some], penalties, weights[some])
    held_out = x @ path.weight.mT + path.bias[:, None]
    held_out[:, some] = path.held_out
    return path._replace(held_out=held_out)


def ridge_folds(
    x: Tensor,
    y: Tensor,
    penalties: Sequence[float] | Tensor,
    folds: Tensor,
    weights: Tensor | None = None,
) -> Tensor:
    """Cross-validated predictions of every row for p penalties: (p, n, k).

    The Gram matrix of a training part is the total minus that of its fold, and one
    eigendecomposition a fold serves all penalties. Where a training part has fewer rows than
    columns, its rows' inner products are decomposed instead.

    Args:
        x: features (n, d).
        y: targets (n, k), floats.
        penalties: p numbers > 0, in any order.
        folds: (n,) integers: the fold that holds out the row.
        weights: (n,) >= 0, of the training rows. None: all 1.

    Raises:
        BadData: x or y is not a float matrix of finite numbers, or they differ in rows.
        BadInput: a penalty is not positive, there are fewer than two folds, or weights are negative.
    """
    wide = checks.features(x)
    goal = checks.targets(y, len(x)).to(wide.device)
    counts = None if weights is None else counted(weights, len(x)).to(wide.device)
    middle, level = wide.mean(0), goal.mean(0)
    values = torch.tensor(checks.penalties(penalties), dtype=torch.float64, device=wide.device)
    held = [mask.nonzero()[:, 0].to(wide.device) for mask in checks.in_folds(folds, len(x))]
    shares = [None if counts is None else counts[rows] for rows in held]
    parts = [
        (wide[rows].sub_(middle), goal[rows].sub_(level), share)
        for rows, share in zip(held, shares, strict=True)
    ]
    sums = [_Sums.of(*part) for part in parts]
    total = _Sums(*(torch.stack(column).sum(0) for column in zip(*sums, strict=True)))
    predictions = y.new_empty(len(values), *y.shape, dtype=x.dtype, device=wide.device)
    for fold, rows in enumerate(held):
        train = _Sums(*(whole - less for whole, less in zip(total, sums[fold], strict=True)))
        if len(x) - len(rows) < x.shape[1]:
            factors = _fold_by_rows(parts[:fold] + parts[fold + 1 :])
        else:
            factors = _fold_by_width(train)
        inner = factors.answer[:, None] / (factors.spectrum[:, None] + values)[..., None]
        weight = factors.basis @ inner.flatten(1)  # (d, p * k): one wide product, not p thin ones
        found = parts[fold][0] @ weight - train.x / train.rows @ weight
        found = found.view(len(rows), *inner.shape[1:]) + (train.y / train.rows + level)
        predictions.index_copy_(1, rows, found.to(x.dtype).transpose(0, 1))
    return predictions.to(x.device)


class _Centred(NamedTuple):
    value: Tensor
    mean: Tensor


class _Sums(NamedTuple):
    rows: Tensor  # (), or their total weight
    x: Tensor  # (d,)
    y: Tensor  # (k,)
    xx: Tensor  # (d, d)
    xy: Tensor  # (d, k)

    @classmethod
    def of(cls, x: Tensor, y: Tensor, counts: Tensor | None) -> "_Sums":
        if counts is None:
            return cls(x.new_tensor(len(x)), x.sum(0), y.sum(0), x.T @ x, x.T @ y)
        some = x.T * counts
        return cls(counts.sum(), some.sum(1), counts @ y, some @ x, some @ y)


def _centred(x: Tensor, y: Tensor, counts: Tensor | None) -> tuple[_Centred, _Centred]:
    wide = checks.features(x)
    goal = checks.targets(y, len(x)).to(wide.device)
    middle, level = mean_of(wide, counts), mean_of(goal, counts)
    return _Centred(wide - middle, middle), _Centred(goal - level, level)


def _raised(gram: Tensor, penalty: float) -> Tensor:
    gram.diagonal().add_(penalty)
    return gram


def _path_by_width(
    x: Tensor, y: Tensor, penalties: Tensor, counts: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Weights (p, k, d), residuals (p, n, k) and 1 - leverage (n, p) by the d x d Gram matrix."""
    spectrum, basis = torch.linalg.eigh(x.T @ x)
    turned = x @ basis
    shrink = 1 / (spectrum.clamp_min(0) + penalties[:, None])  # (p, d)
    inner = shrink[..., None] * (turned.T @ y)  # (p, d, k)
    constant = 1 / len(x) if counts is None else (counts / counts.sum()).to(x)[:, None]
    leverage = turned.square() @ shrink.T + constant
    return (basis @ inner).mT, y - turned @ inner, (1 - leverage).clamp_min(1e-15)


def _path_by_rows(
    x: Tensor, y: Tensor, penalties: Tensor, counts: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """As `_path_by_width`, by the n x n Gram matrix; residuals and 1 - leverage are divided by the penalty.

    Centred rows sum to 0, so the constant vector is an eigenvector of eigenvalue 0. It is
    shifted above all others and dropped, since it belongs to the intercept: 1 - leverage is then
    a sum of positive terms, without cancellation.
    """
    gram = x @ x.T
    spectrum, basis = torch.linalg.eigh(gram + lift(gram, counts))
    spectrum, basis = spectrum[:-1].clamp_min(0), basis[:, :-1]
    shrink = 1 / (spectrum + penalties[:, None])  # (p, n - 1)
    dual = basis @ (shrink[..., None] * (basis.T @ y))  # (p, n, k)
    return dual.mT @ x, dual, basis.square() @ shrink.T


class _Factors(NamedTuple):
    """Spectral factors: weights are basis @ (answer / (spectrum + penalty))."""

    basis: Tensor  # (d, r)
    spectrum: Tensor  # (r,) >= 0
    answer: Tensor  # (r, k)


def _fold_by_width(train: _Sums) -> _Factors:
    mean = train.x / train.rows
    spectrum, basis = torch.linalg.eigh(train.xx - torch.outer(mean, train.x))
    answer = basis.T @ (train.xy - torch.outer(mean, train.y))
    return _Factors(basis, spectrum.clamp_min(0), answer)


def _fold_by_rows(parts: "list[tuple[Tensor, Tensor, Tensor | None]]") -> _Factors:
    x, y = torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])
    shares = [part[2] for part in parts if part[2] is not None]
    counts = torch.cat(shares) if shares else None
    rows, goals = (rooted(each - mean_of(each, counts), counts) for each in (x, y))
    spectrum, basis = torch.linalg.eigh(rows @ rows.T)
    return _Factors(rows.T @ basis, spectrum.clamp_min(0), basis.T @ goals)
