"""Importance weights that make the target rows likeliest."""

from typing import NamedTuple

import torch
from torch import Tensor

from headstart.solvers.threads import threads_for

from .common import TINY, Ratios, dealt, from_values, pair
from .kernels import centres_of, rbf, widths_of


class _Until(NamedTuple):
    gap: float  # how far the mean log weight may be from its maximum
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
    mean kernel over the source these are shares of a mixture: the steps of expectation maximisation climb to
    the global maximum, and tell how far it can still be. Memory grows with 100 (n + m), not with n m.

    Args:
        source: rows (n, d).
        target: rows (m, d).
        width: of the kernels, > 0, in units of standardised columns. None takes the one of six multiples of
            the median distance under which held-out target rows are likeliest.
        folds: that the target rows are dealt to for that, >= 2; never more than there are rows.
        clip: a quantile in (0, 1]: larger weights are cut to it. None cuts none.
        seed: draws the centres and deals the folds.

    Returns:
        Weights (n,) with mean 1. `chosen` has `width`, and where that was chosen `score`: the mean log weight
        of held-out target rows in nats, 0 without shift, higher the farther apart the domains are.

    Raises:
        BadData: either is no matrix of finite floats, has fewer than two rows, or their widths differ; or no
            source row is near a target row.
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
    """The mean log weight of target rows that were held out, as rows and as centres."""
    total = 0.0
    for number in range(int(held.max()) + 1):
        factors = _factors(level * (held[places] != number), kernels[held != number], ROUGHLY)
        total += float((kernels[held == number] @ factors).clamp_min(TINY).log().sum())
    return total / len(kernels)


def _factors(level: Tensor, kernels: Tensor, until: _Until) -> Tensor:
    """(c,) factors >= 0 with factors @ level = 1 that maximise the mean of log(kernels @ factors).

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
