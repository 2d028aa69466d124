"""Temperature scaling."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .means import amount, mean_of

WIDE = 1e-2, 1e2  # where the scale of logits that are nearly calibrated is looked for
CLOSE = 1e-12  # in its logarithm
PRIOR = 0.3  # deviation of the logarithm of a scale before any row is seen


def best_scale(
    scores: Tensor, y: Tensor, low: float = 1e-2, high: float = 1e3, weights: Tensor | None = None
) -> float:
    """The factor s in [low, high] that minimises the log loss of softmax(s * scores) (arXiv:1706.04599).

    Scores (n, classes) must not have been fitted on the same rows, or the result is overconfident. Labels
    are smoothed as if one more row had been of every class that occurs, in equal parts: if all rows are
    classified correctly, the loss would else fall without bound in s. It is convex in s; its slope, the
    mean of E_p[score] - E_label[score], is 0 there. Weights (n,) >= 0 are those of the rows.
    """
    scores = scores.double()
    ahead = scores - scores.gather(1, y[:, None])  # of the right class: exactly 0 for itself
    present = torch.bincount(y if weights is None else y[weights > 0]).nonzero()[:, 0]
    smoothed = ahead[:, present].mean(1) / (amount(len(y), weights) + 1)

    def slope(log_scale: float) -> float:
        shares = (ahead * math.exp(log_scale)).softmax(1)
        return float(mean_of((shares * ahead).sum(1) - smoothed, weights))

    return _where_flat(slope, low, high)


def shrunk_scale(logits: Tensor, y: Tensor, weights: Tensor | None = None) -> float:
    """The most probable factor s of logits that are nearly calibrated: between 1 and the best scale.

    It minimises the sum of the log losses of softmax(s * logits) and (log s / `PRIOR`)^2 / 2: with few rows,
    or rows that say little, s stays near 1. Logits (n, classes) must not have been fitted on the same rows;
    weights (n,) >= 0 are those of the rows. 1 if there are none.
    """
    if not len(y):
        return 1.0
    ahead = logits.double() - logits.double().gather(1, y[:, None])
    rows = amount(len(y), weights)

    def slope(log_scale: float) -> float:
        scale = math.exp(log_scale)
        losses = ((ahead * scale).softmax(1) * ahead).sum(1)
        return rows * scale * float(mean_of(losses, weights)) + log_scale / PRIOR**2

    return _where_flat(slope, *WIDE)


def _where_flat(slope: Callable[[float], float], low: float, high: float) -> float:
    """The scale between low and high where a slope, which grows with its logarithm, is 0.

    By Chandrupatla's rule, an inverse parabola or half of the bracket (doi:10.1016/s0965-9978(96)00051-8).
    """
    new, end = math.log(low), math.log(high)
    at_new, at_end = slope(new), slope(end)
    if at_new > 0 or at_end <= 0:
        return low if at_new > 0 else high
    share = 0.5
    while share * abs(end - new) > CLOSE:
        old, at_old = new, at_new
        new += share * (end - new)
        at_new = slope(new)
        if (at_new > 0) != (at_old > 0):
            old, at_old, end, at_end = end, at_end, old, at_old
        place, height = (new - end) / (old - end), (at_new - at_end) / (at_old - at_end or math.inf)
        share = 0.5
        if height**2 < place and (1 - height) ** 2 < 1 - place:
            share = at_new / (at_end - at_new) * at_old / (at_end - at_old)
            share += (old - new) / (end - new) * at_new / (at_old - at_new) * at_end / (at_old - at_end)
    return math.exp(new)
