"""Entropic optimal transport by Sinkhorn's algorithm in the log domain.

The plan P (n, m) minimises

    sum(P * cost) + epsilon * sum(P * log P)

among all whose rows sum to the weights of the source and whose columns sum to those of the target (Cuturi
2013, arXiv:1306.0895). Products of exponentials lose all mass where epsilon is small; logarithms do not
(arXiv:1803.00567, section 4.4). Computed in float64, detached.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.core import BadData, BadInput

from . import checks

CHECKED = 10  # steps between two checks of the error
COARSER = 4.0  # factor between successive epsilons of the warm start
WARM_STEPS = 10  # at each of them


class Plan(NamedTuple):
    """A transport plan: the mass from each source row to each target row."""

    plan: Tensor  # (n, m), >= 0
    cost: float  # sum(plan * cost), without the entropy
    error: float  # sum of |row sums - source weights|; the columns are exact
    steps: int  # updates of both potentials, those at larger epsilons not counted


def squared_distances(source: Tensor, target: Tensor) -> Tensor:
    """Squared distances (n, m) of rows of source (n, d) and target (m, d), float64.

    Raises:
        BadData: they are not finite floats (rows, width) of the same width.
    """
    x, y = checks.features(source), checks.features(target)
    if x.shape[1] != y.shape[1]:
        raise BadData(f"The source has {x.shape[1]} features and the target {y.shape[1]}.")
    middle = y.mean(0)
    x, y = x - middle, y - middle
    return (x.square().sum(1)[:, None] + y.square().sum(1) - 2 * (x @ y.T)).clamp_min(0)


def sinkhorn(
    cost: Tensor,
    epsilon: float,
    source_weights: Tensor | None = None,
    target_weights: Tensor | None = None,
    steps: int = 10_000,
    tolerance: float = 1e-9,
) -> Plan:
    """Compute the entropic plan for a cost matrix.

    The potentials are warm-started at larger epsilons, each a quarter of the one before.

    Args:
        cost: (n, m), finite.
        epsilon: > 0, in the units of the cost; the smaller, the nearer to the exact plan and the slower.
        source_weights: (n,) >= 0, normalised to a sum of 1; None: all equal.
        target_weights: (m,) likewise.
        steps: updates at most.
        tolerance: the marginal error, as a share of the mass, at which it has converged.

    Returns:
        The plan, on the cost's device (the CPU if that has no float64).

    Raises:
        BadData: the cost is not a matrix of finite floats.
        BadInput: weights or settings are out of range, or the tolerance is not
            reached within `steps`: an unconverged plan is not returned.
    """
    _check(epsilon, steps, tolerance)
    wide = _matrix(cost, "cost")
    a, b = _shares(source_weights, wide.shape[0]).to(wide), _shares(target_weights, wide.shape[1]).to(wide)
    g = torch.zeros_like(b)
    for coarse in _coarse(float(wide.max() - wide.min()), epsilon):
        for _ in range(WARM_STEPS):
            f, g = _update(wide, coarse, a, b, g)
    error = math.inf
    for step in range(1, steps + 1):
        f, g = _update(wide, epsilon, a, b, g)
        if step % CHECKED == 0 or step == steps:
            plan = _plan(wide, epsilon, f, g)
            error = float((plan.sum(1) - a).abs().sum())
            if error <= tolerance:
                return Plan(plan, float((plan * wide).sum()), error, step)
    raise BadInput(
        f"After {steps} steps the rows of the plan are off by {error:.2g} of the mass, more than the "
        f"tolerance {tolerance:g}. Raise epsilon (now {epsilon:g}), steps or tolerance."
    )


def barycentric_map(plan: Tensor, target: Tensor) -> Tensor:
    """Barycentric map of each source row: (n, d), rows of target (m, d) weighted by the plan (n, m).

    In the precision of `target`. (Courty et al. 2017, arXiv:1507.00504.)

    Raises:
        BadData: the shapes do not fit, or a row of the plan has no mass.
    """
    moved, y = _matrix(plan, "plan"), checks.features(target)
    if moved.shape[1] != len(y):
        raise BadData(f"The plan is for {moved.shape[1]} target rows, and there are {len(y)}.")
    mass = moved.sum(1, keepdim=True)
    if not bool((mass > 0).all()):
        raise BadData(f"{int((mass <= 0).sum())} rows of the plan have no mass; drop those source rows.")
    return (moved / mass @ y).to(target)


def _check(epsilon: float, steps: int, tolerance: float) -> None:
    if not 0 < epsilon < math.inf:
        raise BadInput(f"epsilon is {epsilon!r}; it must be a finite number > 0, in the units of the cost.")
    if steps < 1 or not tolerance > 0:
        raise BadInput(f"steps is {steps!r} and tolerance {tolerance!r}; they must be >= 1 and > 0.")


def _matrix(values: Tensor, what: str) -> Tensor:
    if values.ndim != 2 or not values.is_floating_point() or not values.numel():
        shape = tuple(values.shape)
        raise BadData(f"The {what} must be floats (source rows, target rows), not {values.dtype} {shape}.")
    wide = checks.widened(values)
    bad = int((~wide.isfinite()).sum())
    if bad:
        raise BadData(f"{bad} of {wide.numel()} entries of the {what} are NaN or infinity; drop those rows.")
    return wide


def _shares(weights: Tensor | None, count: int) -> Tensor:
    wide = checks.row_weights(weights, count)
    return wide / wide.sum()


def _coarse(largest: float, epsilon: float) -> list[float]:
    """Epsilons from about the range of the cost down to, but excluding, the requested one."""
    levels = math.ceil(math.log(largest / epsilon, COARSER)) if largest > epsilon else 0
    return [epsilon * COARSER**level for level in range(levels, 0, -1)]


def _update(cost: Tensor, epsilon: float, a: Tensor, b: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """Update the row potentials (n,), then the column potentials (m,); -infinity where a weight is 0."""
    f = epsilon * (a.log() - ((g - cost) / epsilon).logsumexp(1))
    g = epsilon * (b.log() - ((f[:, None] - cost) / epsilon).logsumexp(0))
    return f, g


def _plan(cost: Tensor, epsilon: float, f: Tensor, g: Tensor) -> Tensor:
    return torch.exp((f[:, None] + g - cost) / epsilon)
