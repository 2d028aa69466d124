"""Preconditioned L-BFGS for many softmax regressions on the same rows at once.

f problems differ in the weights of their rows. Their logits are one matrix product, and so are
their gradients, which are written by hand. Since logits are linear in the parameters, a line
search needs no product at all. The inverse Hessian is kept in its compact form (Byrd, Nocedal &
Schnabel 1994, doi:10.1007/BF01582063), in coordinates where the preconditioner is the identity.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

PAIRS = 8  # steps in memory
TRIALS = 20  # of a line search
SLOPE = 0.5  # a step is accepted where the slope has fallen to this share


class Until(NamedTuple):
    """Stopping criteria.

    Attributes:
        tolerance: the estimated distance to the minimum, as a share of the objective. The
            estimate is half the squared gradient norm in the metric of the preconditioner.
        iterations: at most; `converged` is False for problems that need more.
    """

    tolerance: float = 1e-6
    iterations: int = 1000


@dataclass(frozen=True)
class Softmax:
    """sum_i w_i * cross-entropy_i + penalty / 2 * ||parameters but the last column||^2, f times."""

    x: Tensor  # (n, q); the last column is 1 and carries the bias
    xt: Tensor  # (q, n), contiguous: products with it are faster than with x.T
    y: Tensor  # (k, n) one-hot
    weights: Tensor  # (f, n)
    penalty: Tensor  # (q,); 0 in the last place

    def logits(self, parameters: Tensor) -> Tensor:
        """(f, k, n) of parameters (f, k, q); linear."""
        f, k, q = parameters.shape
        return (parameters.reshape(f * k, q) @ self.xt).view(f, k, -1)

    def fit(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The cross-entropy term (f,) and its derivative in the logits (f, k, n).

        1 - p of the true class is summed from the other classes: p - 1 would lose all digits of
        rows that are nearly certain, and with weak penalties those are the rows that matter.
        """
        logs = logits.log_softmax(1)
        chances = logs.exp()
        wrong = torch.addcmul(chances, chances, self.y, value=-1)
        miss = wrong.sum(1)
        loss = torch.where(miss < 0.5, -torch.log1p(-miss), -(logs * self.y).sum(1))
        slopes = wrong.addcmul_(self.y, miss[:, None], value=-1).mul_(self.weights[:, None])
        return (self.weights * loss).sum(1), slopes

    def gradient(self, slopes: Tensor, parameters: Tensor) -> Tensor:
        """Gradient (f, k, q) from the derivative in the logits (f, k, n) and the parameters."""
        f, k, n = slopes.shape
        return (slopes.view(f * k, n) @ self.x).view(f, k, -1) + self.penalty * parameters

    def size(self, parameters: Tensor) -> Tensor:
        """The penalty term of the objective (f,)."""
        return (self.penalty * parameters.square()).sum((1, 2)) / 2


class Minimum(NamedTuple):
    """The final state of f problems."""

    parameters: Tensor  # (f, k, q)
    objective: Tensor  # (f,)
    converged: Tensor  # (f,) bool
    iterations: int


class _Step(NamedTuple):
    length: Tensor  # (f,); 0 where no step helps
    logits: Tensor  # (f, k, n)
    loss: Tensor  # (f,)
    slopes: Tensor  # (f, k, n)


def minimise(problem: Softmax, start: Tensor, metric: Tensor, until: Until) -> Minimum:
    """Minimise all f problems from `start` (f, k, q).

    Args:
        problem: what to minimise.
        start: parameters to begin with; not changed.
        metric: the preconditioner (f, k, q): an estimate of the diagonal of the Hessian, > 0.
        until: when to stop.
    """
    root = metric.rsqrt()
    parameters, logits = start, problem.logits(start)
    loss, slopes = problem.fit(logits)
    gradient = problem.gradient(slopes, parameters)
    past = _Past.empty(parameters)
    stuck = torch.zeros_like(loss, dtype=torch.bool)
    done = 0
    while True:
        objective = loss + problem.size(parameters)
        scaled = (gradient * root).flatten(1)
        converged = scaled.square().sum(1) / 2 <= until.tolerance * objective
        still = converged | stuck
        if bool(still.all()) or done == until.iterations:
            return Minimum(parameters, objective, converged, done)
        done += 1
        direction = past.direction(scaled).masked_fill_(still[:, None], 0)
        change = direction.view_as(parameters) * root
        step = _search(problem, parameters, logits, change, (gradient * change).sum((1, 2)))
        stuck = ~still & (step.length == 0) | stuck
        logits, loss, slopes = step.logits, step.loss, step.slopes
        parameters = parameters + step.length[:, None, None] * change
        before, gradient = gradient, problem.gradient(slopes, parameters)
        past = past.and_then(step.length[:, None] * direction, ((gradient - before) * root).flatten(1))


def _search(problem: Softmax, parameters: Tensor, logits: Tensor, change: Tensor, slope: Tensor) -> _Step:
    """Line search: step lengths (f,) along `change` that reduce the slope to the share `SLOPE`.

    The objective is convex along the line, so a root of its slope is bracketed and closed in on
    by the secant rule; the first trial, a full step, nearly always suffices.
    """
    moved = problem.logits(change)
    linear = (problem.penalty * parameters * change).sum((1, 2))
    square = (problem.penalty * change.square()).sum((1, 2))
    low, low_slope = torch.zeros_like(slope), slope
    high, high_slope = torch.full_like(slope, torch.inf), torch.zeros_like(slope)
    length, good = torch.ones_like(slope), slope > 0
    for _ in range(TRIALS):
        there = logits + length[:, None, None] * moved
        loss, slopes = problem.fit(there)
        now = (slopes * moved).sum((1, 2)) + linear + length * square
        good = now.abs() <= SLOPE * slope.abs()
        if bool(good.all()):
            return _Step(length, there, loss, slopes)
        short = now < 0
        low, low_slope = torch.where(short, length, low), torch.where(short, now, low_slope)
        high, high_slope = torch.where(short, high, length), torch.where(short, high_slope, now)
        share = (low_slope / (low_slope - high_slope)).clamp(0.1, 0.9)
        beyond = length * (slope / (slope - now)).clamp(1.5, 4)
        trial = torch.where(high.isinf(), beyond, low + (high - low) * share)
        length = torch.where(good, length, trial)
    length = torch.where(good, length, 0)
    there = logits + length[:, None, None] * moved
    return _Step(length, there, *problem.fit(there))


class _Past(NamedTuple):
    """The last steps and gradient changes, oldest first; zeros where there are fewer."""

    steps: Tensor  # (f, m, k * q)
    changes: Tensor  # (f, m, k * q)

    @classmethod
    def empty(cls, parameters: Tensor) -> "_Past":
        none = parameters.new_zeros(len(parameters), PAIRS, parameters[0].numel())
        return cls(none, none)

    def and_then(self, step: Tensor, change: Tensor) -> "_Past":
        """Append a pair (f, k * q); a pair without curvature is skipped."""
        use = ((step * change).sum(1, keepdim=True) > 0).to(step)
        return _Past(
            torch.cat([self.steps[:, 1:], (use * step)[:, None]], 1),
            torch.cat([self.changes[:, 1:], (use * change)[:, None]], 1),
        )

    def direction(self, gradient: Tensor) -> Tensor:
        """Minus the inverse Hessian times `gradient` (f, k * q)."""
        column = gradient[..., None]
        products = self.steps @ self.changes.mT  # (f, m, m)
        curvature = products.diagonal(dim1=1, dim2=2)
        none = curvature == 0
        upper = products.triu() + torch.diag_embed(none.to(gradient))
        last = self.changes[:, -1].square().sum(1)
        scale = torch.where(none[:, -1], 1, curvature[:, -1] / last)[:, None, None]
        inner = torch.linalg.solve_triangular(upper, self.steps @ column, upper=True)
        rest = scale * (column - self.changes.mT @ inner)
        spread = curvature[..., None] * inner - self.changes @ rest
        outer = torch.linalg.solve_triangular(upper.mT, spread, upper=False)
        down: Tensor = -(self.steps.mT @ outer + rest)
        return down[..., 0]
