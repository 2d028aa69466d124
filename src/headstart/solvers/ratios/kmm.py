"""Importance weights that match the kernel mean of the source to that of the target."""

import math

import torch
from torch import Tensor

from headstart.core import BadInput
from headstart.solvers.threads import threads_for

from .common import Ratios, from_values, pair
from .kernels import median_distance, rbf, widths_of

ROWS = 8000  # source rows: the kernel of all their pairs is held in memory, 0.5 GB at most
BLOCK = 2**24  # kernel entries between the domains in memory at once
STEPS = 500  # of projected gradient
CLOSE = 1e-4  # converged when a step moves the weights by less than this on average


def kmm_ratios(
    source: Tensor,
    target: Tensor,
    width: float | None = None,
    bound: float = 1000.0,
    slack: float | None = None,
    clip: float | None = None,
) -> Ratios:
    """Kernel mean matching (Huang et al. 2007, Correcting Sample Selection Bias by Unlabeled Data, NIPS 19).

    Minimises w' K w / 2 - k' w over 0 <= w <= bound with a mean within `slack` of 1, by accelerated projected
    gradient (Beck & Teboulle 2009, doi:10.1137/080716542). There is no model of the ratio: the weights are
    accurate on average over neighbours, but noisy individually; many may be exactly 0.

    Args:
        source: rows (n, d), n <= 8000.
        target: rows (m, d).
        width: of the kernel, > 0, in units of standardised columns. None: the median distance.
        bound: the largest weight, > 1.
        slack: tolerated distance of the mean weight from 1, >= 0. None: 1 - 1 / sqrt(n), as in the paper.
        clip: a quantile in (0, 1] at which weights are clipped. None: no clipping.

    Returns:
        Weights (n,) with mean 1. `chosen` has `width`, and `steps`, 500 if it did not converge.

    Raises:
        BadData: either is not a matrix of finite floats, has fewer than two rows, or their widths differ.
        BadInput: there are more than 8000 source rows, or an argument is out of range.
    """
    one, other = pair(source, target)
    n = len(one)
    slack = 1 - 1 / math.sqrt(n) if slack is None else slack
    _check(n, bound, slack)
    if width is None:
        width = median_distance(one, other, 0)
    (width,) = widths_of(width, one, other, 0)
    with threads_for(n * n):
        kernel = rbf(one, one, width)
        blocks = torch.split(other, max(1, BLOCK // n))
        pull = torch.stack([rbf(one, block, width).sum(1) for block in blocks]).sum(0) * (n / len(other))
        values, steps = _least(kernel, pull, bound, slack)
    return from_values(values, clip, {"width": width, "steps": float(steps)})


def _check(rows: int, bound: float, slack: float) -> None:
    if rows > ROWS:
        raise BadInput(
            f"Kernel mean matching holds all pairs of {rows} source rows; it takes at most {ROWS}. "
            f"Draw that many, or take classifier_ratios, which needs no pairs."
        )
    if not (math.isfinite(bound) and bound > 1):
        raise BadInput(f"bound is {bound!r}; the largest weight must be a finite number > 1.")
    if not (math.isfinite(slack) and slack >= 0):
        raise BadInput(f"slack is {slack!r}; it must be a finite number >= 0.")


def _least(kernel: Tensor, pull: Tensor, bound: float, slack: float) -> tuple[Tensor, int]:
    """The weights (n,) that minimise the objective, and the number of steps."""
    steep = float(kernel.sum(1).max())  # upper bound of the largest eigenvalue
    now = ahead = torch.ones_like(pull)
    speed = 1.0
    for step in range(1, STEPS + 1):
        then = within(ahead - (kernel @ ahead - pull) / steep, bound, slack)
        moved = then - now
        if float((ahead - then) @ moved) > 0:  # uphill: restart the momentum (doi:10.1007/s10208-013-9150-3)
            speed = 1.0
        faster = (1 + math.sqrt(1 + 4 * speed * speed)) / 2
        ahead, now, speed = then + (speed - 1) / faster * moved, then, faster
        if float(moved.abs().mean()) < CLOSE:
            return now, step
    return now, STEPS


def within(values: Tensor, bound: float, slack: float) -> Tensor:
    """Project `values` (n,) onto [0, bound] with a mean in [1 - slack, 1 + slack]."""
    found = values.clamp(0, bound)
    mean = float(found.mean())
    if 1 - slack <= mean <= 1 + slack:
        return found
    aim = 1 - slack if mean < 1 - slack else 1 + slack
    low, high = float(values.min()) - bound, float(values.max())  # the shifts of mean bound and of mean 0
    for _ in range(100):
        middle = (low + high) / 2
        found = (values - middle).clamp(0, bound)
        low, high = (middle, high) if float(found.mean()) > aim else (low, middle)
    return found
