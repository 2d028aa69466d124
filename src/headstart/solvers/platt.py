"""Platt scaling of the scores of tags."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from .means import amount, mean_of


def platt(
    scores: Tensor, y: Tensor, low: float = 1e-2, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Fit slope (k,) and offset (k,) of sigmoid(slope * scores + offset) for each of k tags.

    Scores (n, k) must not have been fitted on the same rows. Targets are slightly inside of 0 and 1, as if
    each tag had been present and absent once more, so that the optimum is finite (Platt 1999; Lin, Lin &
    Weng 2007, doi:10.1007/s10994-007-5018-6). Newton steps are halved until the loss falls. Scores that are
    negatively related to the tag get the slope `low` a standard deviation, and the best offset with it.
    Weights (n,) >= 0 are those of the rows.
    """
    scores, counts = scores.double(), None if weights is None else weights.double()
    seen = y.double().sum(0) if counts is None else counts @ y.double()
    missed = amount(len(y), counts) - seen
    goal = torch.where(y, (seen + 1) / (seen + 2), 1 / (missed + 2))
    centre = mean_of(scores, counts)
    size = scores.std(0, correction=0)
    if counts is not None:
        size = mean_of((scores - centre).square(), counts).sqrt()
    size = size.clamp_min(1e-12)
    z = (scores - centre) / size
    share = mean_of(goal, counts).logit()
    logistic = _Logistic(z, goal, counts)
    slope, level = _newton(logistic, torch.zeros_like(share), share, True)
    against = slope < low
    _, flat_level = _newton(logistic, torch.full_like(slope, low), share, False)
    slope, level = slope.clamp_min(low), torch.where(against, flat_level, level)
    return slope / size, level - slope * centre / size


class _Logistic(NamedTuple):
    z: Tensor  # (n, k)
    goal: Tensor  # (n, k)
    counts: Tensor | None  # (n,)


def _newton(problem: _Logistic, slope: Tensor, level: Tensor, both: bool) -> tuple[Tensor, Tensor]:
    """Minimise the mean loss of slope * z + level over levels (k,) and, if `both`, slopes (k,)."""
    z, goal, counts = problem

    def loss(slope: Tensor, level: Tensor) -> Tensor:
        found = slope * z + level
        return mean_of(softplus(found) - goal * found, counts)

    now = loss(slope, level)
    for _ in range(50):
        chance = (slope * z + level).sigmoid()
        error, weight = chance - goal, chance * (1 - chance) + 1e-12
        gradient = torch.stack([mean_of(error * z, counts) * both, mean_of(error, counts)], 1)  # (k, 2)
        bends = [mean_of(each, counts) for each in (weight * z * z, weight * z, weight)]
        bends[1] = bends[1] * both
        hessian = torch.stack([bends[0], bends[1], bends[1], bends[2]], 1).view(-1, 2, 2)
        step = torch.linalg.solve(hessian + 1e-12 * torch.eye(2).to(hessian), gradient)
        share, new = torch.ones_like(slope), now
        for _ in range(20):
            new = loss(slope - share * step[:, 0], level - share * step[:, 1])
            if not (worse := new > now).any():
                break
            share = torch.where(worse, share / 2, share)
        share = torch.where(new > now, 0, share)
        slope, level = slope - share * step[:, 0], level - share * step[:, 1]
        gained, now = now - torch.minimum(new, now), torch.minimum(new, now)
        if float(gained.max()) < 1e-14:
            break
    return slope, level
