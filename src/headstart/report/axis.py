"""Axes: where a value lies between two ends, and which values are written beside it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Air = tuple[float, float]  # beside values: a share of their distance, and the least that there is
NARROW, WIDE = (0.04, 0.005), (0.06, 0.01)
STILL = 0.05  # share of the largest value that an axis spans at least: less is hardly a difference


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`; `ticks` are (value, text).

    Attributes:
        low: value at the left or lower end.
        high: value at the other end, above `low`.
        ticks: values that get a grid line and a text.
        title: what is measured and in what unit; "" writes none.
        log: whether equal factors, not equal steps, lie equally far apart; needs `low` > 0.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    title: str = ""
    log: bool = False

    def at(self, value: float) -> float:
        """Where `value` lies, 0 at the low end and 1 at the high; beyond them it is cut off."""
        bend = math.log if self.log else float
        part = (bend(value) - bend(self.low)) / (bend(self.high) - bend(self.low))
        return min(1.0, max(0.0, part))


def linear(low: float, high: float, text: Callable[[float], str], title: str = "", most: int = 6) -> Axis:
    """An axis with round ends just outside `low` and `high` and at most `most` ticks."""
    step = _step(max(high - low, 1e-9), most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if last == first:
        last += 1
    ticks = tuple((step * i, text(step * i)) for i in range(first, last + 1))
    return Axis(step * first, step * last, ticks, title)


def within(
    axis_low: float, axis_high: float, values: Sequence[float], air: Air = NARROW, least: float = 0.0
) -> tuple[float, float]:
    """The smallest and largest of `values` with some air beside them, kept in [axis_low, axis_high].

    Values that hardly differ do not fill an axis: its ends are at least `least` apart, where there is room.
    """
    low, high = min(values), max(values)
    beside = max(air[0] * (high - low), air[1], (least - (high - low)) / 2)
    low, high = low - beside, high + beside
    if low < axis_low:
        low, high = axis_low, max(high, axis_low + least)
    if high > axis_high:
        low, high = max(axis_low, min(low, axis_high - least)), axis_high
    return low, high


def around(values: Sequence[float], text: Callable[[float], str], title: str = "") -> Axis:
    """An axis around values of any size, which spans a share of the largest at least."""
    least = STILL * (max(map(abs, values)) or 1.0)
    return linear(*within(-math.inf, math.inf, values, (0.0, 0.0), least), text, title)


def doubling(values: Sequence[int], title: str) -> Axis:
    """A logarithmic axis over positive whole numbers, which are its ticks themselves."""
    ordered = sorted(set(values))
    low, high = ordered[0] / 1.2, ordered[-1] * 1.2
    shown: list[int] = []
    for value in ordered:  # texts may not touch on a phone
        if not shown or math.log(value / shown[-1]) >= 0.09 * math.log(high / low):
            shown.append(value)
    return Axis(low, high, tuple((v, f"{v:,}") for v in shown), title, log=True)


def powers(values: Sequence[float], text: Callable[[float], str], title: str = "") -> Axis:
    """A logarithmic axis between powers of ten around positive values, which are its ticks."""
    first = math.floor(math.log10(min(values)))
    last = max(first + 1, math.ceil(math.log10(max(values))))
    return Axis(
        10.0**first, 10.0**last, tuple((10.0**i, text(10.0**i)) for i in range(first, last + 1)), title, True
    )


def _step(width: float, most: int) -> float:
    """The smallest round step (1, 2, 2.5 or 5 times a power of ten) that gives few ticks."""
    power = 10.0 ** math.floor(math.log10(width / most))
    for factor in (1, 2, 2.5, 5):
        if width / (factor * power) <= most - 1:
            return factor * power
    return 10 * power
