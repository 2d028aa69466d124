"""Shares of rows: Wilson's interval, and the interval of a difference from two intervals."""

import math
from statistics import NormalDist
from typing import NamedTuple

from headstart.core import BadInput

Z = 1.959963984540054  # normal quantile of 0.975
CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, rows: int) -> Interval:
    """A share with Wilson's score interval (1927, doi:10.1080/01621459.1927.10502953).

    Raises:
        BadInput: `rows` is less than 1, or `successes` is not in [0, rows].
    """
    if rows < 1 or not 0 <= successes <= rows:
        raise BadInput(f"A share needs 0 <= successes <= rows and a row, not {successes}, {rows}.")
    return wilson_of(successes / rows, rows)


def wilson_of(share: float, rows: float, level: float = CONFIDENCE) -> Interval:
    """Wilson's interval of a share in [0, 1] that is as certain as that of `rows` > 0 independent rows."""
    z = Z if level == CONFIDENCE else NormalDist().inv_cdf(0.5 + level / 2)
    square = z * z / rows
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / rows + square / rows / 4)
    return Interval(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def mover(first: Interval, second: Interval, correlation: float) -> Interval:
    """The difference of two figures from their intervals: MOVER (Zou & Donner 2008, doi:10.1002/sim.3095).

    Args:
        first: a figure with its interval.
        second: what is subtracted.
        correlation: of the two estimates, in [-1, 1].
    """
    value = first.value - second.value
    low = _distance(first.value - first.low, second.high - second.value, correlation)
    high = _distance(first.high - first.value, second.value - second.low, correlation)
    return Interval(value, value - low, value + high)


def _distance(a: float, b: float, correlation: float) -> float:
    return math.sqrt(max(0.0, a * a + b * b - 2 * correlation * a * b))
