"""Multinomial logistic regression to the optimum, for many penalties and folds at once.

The objective is

    sum_i w_i * cross-entropy_i + penalty / 2 * ||W||^2

where the bias is not penalised: sums, not means, so the penalty is 1 / C of scikit-learn (with
two classes, 2 / C: there scikit-learn has one weight vector for two). Inside, features are
centred and rotated to their principal axes, where a diagonal preconditioner is accurate; the result is
for the original features.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from . import checks
from .lbfgs import Minimum, Softmax, Until, minimise

ABSENT = -1e4  # bias of a class without rows: its probability is 0, the limit of the optimum
ELEMENTS = 2**25  # bytes of the logits of all folds; above it the folds are solved one by one
PRECISE = Until()


class Logistic(NamedTuple):
    """The solution for one penalty: logits are x @ weight.T + bias."""

    weight: Tensor  # (k, d)
    bias: Tensor  # (k,), with mean 0 over the classes that have rows
    objective: float
    iterations: int
    converged: bool


class LogisticPath(NamedTuple):
    """The solutions for p penalties and f folds (f = 1 without folds), in the order given."""

    weight: Tensor  # (p, f, k, d)
    bias: Tensor  # (p, f, k)
    held_out: Tensor | None  # (p, n, k): logits of each row by the fit without its fold
    objective: Tensor  # (p, f)
    iterations: Tensor  # (p, f) int64
    converged: Tensor  # (p, f) bool


def logistic(
    x: Tensor,
    y: Tensor,
    classes: int,
    penalty: float,
    weights: Tensor | None = None,
    until: Until = PRECISE,
) -> Logistic:
    """Fit one penalty; see `logistic_path` for arguments and errors."""
    path = logistic_path(x, y, classes, [penalty], weights=weights, until=until)
    return Logistic(
        path.weight[0, 0],
        path.bias[0, 0],
        float(path.objective),
        int(path.iterations),
        bool(path.converged),
    )


def logistic_path(
    x: Tensor,
    y: Tensor,
    classes: int,
    penalties: Sequence[float] | Tensor,
    folds: Tensor | None = None,
    weights: Tensor | None = None,
    until: Until = PRECISE,
) -> LogisticPath:
    """Fit p penalties, to all rows or with each fold held out.

    The strongest penalty is solved first and each solution is the start of the next. A class without
    rows in a training part gets weight 0 and a bias of -10000. Check `converged`.

    Args:
        x: features (n, d); float64 is computed in float64, lower precisions in float32.
        y: labels (n,) in [0, classes).
        classes: k, >= 1.
        penalties: p numbers > 0, in any order.
        folds: (n,) integers: the fold that holds out the row. None fits all rows.
        weights: (n,) >= 0, of the rows. None: all 1.
        until: when to stop.

    Raises:
        BadData: x is not a float matrix of finite numbers, or labels y are out of range.
        BadInput: a penalty is not positive, folds are fewer than two, or weights are negative.
    """
    wide, labels = checks.features(x), checks.labels(y, classes, len(x))
    values = checks.penalties(penalties)
    counts = checks.row_weights(weights, len(x)).to(wide.device)
    held = None if folds is None else torch.stack(checks.in_folds(folds, len(x))).to(wide.device)
    axes = _Axes.of(wide, counts)
    dtype = torch.promote_types(x.dtype, torch.float32)
    inner = torch.cat([axes.turn(wide), wide.new_ones(len(x), 1)], 1).to(x.device, dtype)
    hot = torch.nn.functional.one_hot(labels, classes).T.to(inner).contiguous()
    rows = (counts[None] if held is None else counts * ~held).to(inner)
    size = max(1, ELEMENTS // hot.numel())
    problem = Softmax(inner, inner.T.contiguous(), hot, rows, inner.new_zeros(inner.shape[1]))
    parts = [_solve(problem, part, axes, values, until) for part in torch.split(rows, size)]
    parameters, objective, iterations, converged = (
        torch.cat(column, 1) for column in zip(*parts, strict=True)
    )
    weight, bias = axes.back(parameters)
    return LogisticPath(
        weight.to(inner),
        bias.to(inner),
        None if held is None else _held_out(inner, parameters, held.to(x.device)),
        objective,
        iterations,
        converged,
    )


class _Axes(NamedTuple):
    """The principal axes of weighted rows; at most one per row."""

    mean: Tensor  # (d,)
    basis: Tensor  # (d, r)
    spectrum: Tensor  # (r,) weighted sum of squares along each

    @classmethod
    def of(cls, x: Tensor, counts: Tensor) -> "_Axes":
        mean = counts @ x / counts.sum()
        rows = (x - mean) * counts.sqrt()[:, None]
        span = None
        if len(x) < x.shape[1]:
            span, corner = torch.linalg.qr(rows.T)
            rows = corner.T
        spectrum, basis = torch.linalg.eigh(rows.T @ rows)
        return cls(mean, basis if span is None else span @ basis, spectrum.clamp_min(0))

    def turn(self, x: Tensor) -> Tensor:
        """Coordinates (n, r) of x (n, d)."""
        return (x - self.mean) @ self.basis

    def back(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (..., k, d) and biases (..., k) for x from those (..., k, r + 1) for `turn`."""
        wide = checks.widened(parameters)
        weight = wide[..., :-1] @ self.basis.T
        return weight, wide[..., -1] - weight @ self.mean


def _solve(
    problem: Softmax, rows: Tensor, axes: _Axes, penalties: list[float], until: Until
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Parameters (p, f, k, q), objectives, iterations and convergence (p, f) for row weights (f, n)."""
    found: dict[float, Minimum] = {}
    amounts = (rows @ problem.y.T)[..., None]  # (f, k, 1) of each class
    none = amounts.new_zeros(problem.penalty.shape).expand(*amounts.shape[:2], -1)
    now = _centred(torch.cat([none[..., 1:], amounts.log()], 2), amounts > 0)
    for penalty in sorted(set(penalties), reverse=True):
        weights = torch.full_like(problem.penalty, penalty)
        weights[-1] = 0
        task = Softmax(problem.x, problem.xt, problem.y, rows, weights)
        found[penalty] = _settle(task, now, axes.spectrum, until)
        now = found[penalty].parameters
    ends = [found[penalty] for penalty in penalties]
    steps = torch.tensor([end.iterations for end in ends])[:, None].expand(-1, len(rows))
    return (
        torch.stack([end.parameters for end in ends]),
        torch.stack([end.objective for end in ends]),
        steps,
        torch.stack([end.converged for end in ends]),
    )


def _settle(problem: Softmax, start: Tensor, spectrum: Tensor, until: Until) -> Minimum:
    """The minimum, with convergence measured by the preconditioner at the minimum, not at `start`."""
    present = (problem.weights @ problem.y.T)[..., None] > 0
    done = 0
    while True:
        left = Until(until.tolerance, until.iterations - done)
        end = minimise(problem, start, _metric(problem, start, spectrum), left)
        done += end.iterations
        if torch.equal(end.parameters, start):
            return end._replace(iterations=done)
        start = _centred(end.parameters, present)


def _metric(problem: Softmax, parameters: Tensor, spectrum: Tensor) -> Tensor:
    """An estimate of the diagonal of the Hessian: the mean of p (1 - p) times the spectrum."""
    chances = problem.logits(parameters).softmax(1)
    mass = ((chances - chances.square()) * problem.weights[:, None]).sum(2, keepdim=True)
    total = problem.weights.sum(1)[:, None, None].clamp_min(1e-30)
    scale = torch.cat([spectrum.to(mass), total.new_ones(1)])
    scale[-1] = float(problem.weights.sum(1).max())
    return (mass / total * scale + problem.penalty).clamp_min(torch.finfo(mass.dtype).eps)


def _centred(parameters: Tensor, present: Tensor) -> Tensor:
    """Centre the parameters (f, k, q) over the classes that are present (f, k, 1).

    Adding a constant to all classes changes no probability, so this can only lower the penalty.
    Classes that are absent get weight 0 and bias ABSENT.
    """
    mean = parameters.masked_fill(~present, 0).sum(1, keepdim=True)
    centred = parameters - mean / present.sum(1, keepdim=True).clamp_min(1)
    centred = centred.masked_fill(~present, 0)
    centred[..., -1:].masked_fill_(~present, ABSENT)
    return centred


def _held_out(x: Tensor, parameters: Tensor, held: Tensor) -> Tensor:
    """Logits (p, n, k) of rows x (n, q) by the fold that holds each out."""
    found = x.new_empty(len(parameters), len(x), parameters.shape[2])
    for fold, mask in enumerate(held):
        found[:, mask] = x[mask] @ parameters[:, fold].mT
    return found
