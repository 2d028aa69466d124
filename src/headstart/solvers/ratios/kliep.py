"""Importance weights of maximum target likelihood."""

from typing import NamedTuple

import torch
from torch import Tensor

from headstart.solvers.threads import threads_for

from .common import TINY, Ratios, dealt, from_values, pair
from .kernels import centres_of, rbf, widths_of


class _Until(NamedTuple):
    gap: float  # tolerance of the mean log weight
    steps: int


ROUGHLY, PRECISE = _Until(3e-3, 100), _Until(1e-4, 1000)


def kliep_ratios(
    source: Tensor,
    target: Tensor,
    width: float | None = None,
    folds: int = 5,
    clip: float | None = None,
    seed: int = 0,
) -> Ratios:
    """The Kullback-Leibler importance estimation procedure (doi:10.1007/s10463-008-0197-x).

    The ratio is a sum of at most 100 Gaussian kernels on target rows with factors >= 0 that maximise the mean
    log weight of the target rows while the mean weight of the source rows is 1. With the factors times the
    mean kernel over the source these are mixture weights: expectation maximisation converges to the global
    maximum, with a bound on the distance to it. Memory grows with 100 (n + m), not with n m.

    Args:
        source: rows (n, d).
        target: rows (m, d).
        width: of the kernels, > 0, in units of standardised columns. None selects among six multiples of
            the median distance by the likelihood of held-out target rows.
        folds: of the target rows for that, >= 2; never more than there are rows.
        clip: a quantile in (0, 1] at which weights are clipped. None: no clipping.
        seed: of the centres and the folds.

    Returns:
        Weights (n,) with mean 1. `chosen` has `width`, and where that was chosen `score`: the mean log weight
        of held-out target rows in nats, 0 without shift, higher the farther apart the domains are.

    Raises:
        BadData: either is not a matrix of finite floats, has fewer than two rows, or their widths differ;
            or no source row is near a target row.
        BadInput: `width`, `folds` or `clip` is out of range.
    """
    one, other = pair(source, target)
    widths = widths_of(width, one, other, seed)
    held = dealt(len(other), min(folds, len(other)) if folds > 1 else folds, seed).to(other.device)
    places = centres_of(other, seed)
    centres = other[places]
    with threads_for((len(one) + len(other)) * len(centres)):
        chosen = {"width": widths[0]}
        if len(widths) > 1:
            scores = [
                _score(rbf(one, centres, each).mean(0), rbf(other, centres, each), held, places)
                for each in widths
            ]
            best = max(range(len(widths)), key=scores.__getitem__)
            chosen = {"width": widths[best], "score": scores[best]}
        near = rbf(one, centres, chosen["width"])
        factors = _factors(near.mean(0), rbf(other, centres, chosen["width"]), PRECISE)
    return from_values(near @ factors, clip, chosen)


def _score(level: Tensor, kernels: Tensor, held: Tensor, places: Tensor) -> float:
    """Mean log weight of held-out target rows, which are not used as centres either."""
    total = 0.0
    for number in range(int(held.max()) + 1):
        factors = _factors(level * (held[places] != number), kernels[held != number], ROUGHLY)
        total += float((kernels[held == number] @ factors).clamp_min(TINY).log().sum())
    return total / len(kernels)


def _factors(level: Tensor, kernels: Tensor, until: _Until) -> Tensor:
    """Factors (c,) >= 0 with factors @ level = 1 that maximise the mean of log(kernels @ factors).

    Args:
        level: (c,) the mean of each kernel over the source.
        kernels: (m, c) at the target rows.
        until: when to stop.
    """
    usable = level > TINY
    scaled = torch.where(usable, kernels / level.clamp_min(TINY), 0.0)
    shares = usable.double() / max(1, int(usable.sum()))
    for _ in range(until.steps):
        slope = (scaled / (scaled @ shares).clamp_min(TINY)[:, None]).mean(0)
        if float(slope.max()) <= 1 + until.gap:  # the maximum is within log(slope.max())
            break
        shares = shares * slope
        shares = shares / shares.sum().clamp_min(TINY)
    return torch.where(usable, shares / level.clamp_min(TINY), 0.0)
