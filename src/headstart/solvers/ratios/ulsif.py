"""Least-squares importance weights, in closed form."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from headstart.solvers.checks import penalties as checked
from headstart.solvers.threads import threads_for

from .common import Ratios, from_values, pair, shuffled
from .kernels import centres_of, rbf, widths_of

PENALTIES = tuple(10.0 ** (k / 2) for k in range(-6, 3))


def ulsif_ratios(
    source: Tensor,
    target: Tensor,
    width: float | None = None,
    penalties: Sequence[float] = PENALTIES,
    clip: float | None = None,
    seed: int = 0,
) -> Ratios:
    """Unconstrained least-squares importance fitting (Kanamori, Hido & Sugiyama 2009, JMLR 10:1391-1445).

    The ratio is a sum of at most 100 Gaussian kernels on target rows, whose factors solve
    (H + penalty I) a = h: H is the mean product of two kernels over the source, h the mean kernel over the
    target. Negative factors are then set to 0. Width and penalty minimise the squared error with
    one source row and one target row left out in turn, which needs no further fit.

    Args:
        source: rows (n, d).
        target: rows (m, d).
        width: of the kernels, > 0, in units of standardised columns. None selects among six multiples of the
            median distance.
        penalties: candidates > 0.
        clip: a quantile in (0, 1] at which weights are clipped. None: no clipping.
        seed: of the centres and of the pairs that are left out.

    Returns:
        Weights (n,) with mean 1. `chosen` has `width`, `penalty` and `score`: the leave-one-out error,
        half the mean squared error less a constant; lower is better.

    Raises:
        BadData: either is not a matrix of finite floats, has fewer than two rows, or their widths differ;
            or no source row is near a target row.
        BadInput: `width`, `clip` or a penalty is out of range.
    """
    one, other = pair(source, target)
    widths, values = widths_of(width, one, other, seed), checked(penalties)
    centres = other[centres_of(other, seed)]
    pairs = min(len(one), len(other))
    mine, theirs = (
        shuffled(len(rows), seed, what)[:pairs].to(rows.device)
        for rows, what in ((one, "source"), (other, "target"))
    )
    best = (math.inf, widths[0], values[0])
    with threads_for((len(one) + len(other)) * len(centres)):
        for each in widths:
            near, far = rbf(one, centres, each), rbf(other, centres, each)
            for value in values:
                best = min(best, (left_out_error(near, far, value, mine, theirs), each, value))
        score, each, value = best
        near = rbf(one, centres, each)
        found = near @ factors_of(near, rbf(other, centres, each), value)
    return from_values(found, clip, {"width": each, "penalty": value, "score": score})


def factors_of(near: Tensor, far: Tensor, penalty: float) -> Tensor:
    """Factors (c,) >= 0 of kernels with values near (n, c) at the source and far (m, c) at the target."""
    system = near.T @ near / len(near)
    system.diagonal().add_(penalty)
    found: Tensor = torch.linalg.solve(system, far.mean(0))
    return found.clamp_min(0)


def left_out_error(near: Tensor, far: Tensor, penalty: float, mine: Tensor, theirs: Tensor) -> float:
    """Leave-one-out mean of w(x)^2 / 2 - w(z) over pairs of a source row x and a target row z.

    Args:
        near: kernels at the source rows (n, c).
        far: kernels at the target rows (m, c).
        penalty: > 0.
        mine: (p,) the source row of each pair.
        theirs: (p,) the target row of each pair.
    """
    n, m = len(near), len(far)
    system = near.T @ near
    system.diagonal().add_(penalty * (n - 1))
    out, aim = near[mine], (far.sum(0) - far[theirs]) / (m - 1)  # (p, c)
    root = torch.linalg.cholesky(system)
    solved = torch.cholesky_solve(torch.cat([out, aim]).T, root).T
    turned, plain = solved[: len(out)], solved[len(out) :]
    lift = (out * plain).sum(1) / (1 - (out * turned).sum(1))  # Sherman & Morrison 1950
    factors = ((n - 1) * (plain + turned * lift[:, None])).clamp_min(0)
    at_source, at_target = (out * factors).sum(1), (far[theirs] * factors).sum(1)
    return float((at_source.square() / 2 - at_target).mean())
