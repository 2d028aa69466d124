"""Student's 95 % interval of a mean over a few repetitions, such as seeds."""

import math
from collections.abc import Sequence
from functools import cache
from statistics import fmean, stdev

from headstart.core import BadInput

from .shares import Interval

COVERED = 0.95


def student(values: Sequence[float], low: float = -math.inf, high: float = math.inf) -> Interval:
    """Mean of n >= 2 values with Student's t interval (1908, doi:10.1093/biomet/6.1.1).

    Args:
        values: one for each repetition.
        low: lower bound of the mean, such as 0 for a share; the interval is clipped there.
        high: upper bound of the mean, likewise.

    Raises:
        BadInput: there are fewer than two values, so that the variance is unknown.
    """
    if len(values) < 2:
        raise BadInput(f"An interval over repetitions needs 2 or more, not {len(values)}.")
    mean = fmean(values)
    half = quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return Interval(mean, max(low, mean - half), min(high, mean + half))


@cache
def quantile(freedom: int) -> float:
    """The value that Student's t with `freedom` >= 1 degrees of freedom exceeds 2.5 % of the time.

    By bisection on the exact share within (-t, t).

    >>> [round(quantile(n), 3) for n in (1, 2, 4, 30)]
    [12.706, 4.303, 2.776, 2.042]
    """
    low, high = 0.0, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < COVERED else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """Student's t probability of (-t, t), as a finite sum (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= square * (power + 1) / (power + 2)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
