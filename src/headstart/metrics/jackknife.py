"""The jackknife of any metric that takes row weights, and the intervals that follow from it.

Each unit (a row, or a group of rows) is left out in turn; of more than 400, random blocks of them are.
The standard error is from the spread of the results (Quenouille & Tukey; Efron & Stein 1981,
doi:10.1214/aos/1176345462), the quantile Student's, with fewer degrees of freedom where a few units make
most of the spread: 2 u / (kurtosis - 1) of u units, from 3 to u - 1, as Satterthwaite's for a variance
estimate whose own variance is (kurtosis - 1) / u of its square.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.metrics.repeats import quantile
from headstart.metrics.scored_outputs import Floats
from headstart.metrics.shares import Interval, Z, wilson_of
from headstart.metrics.units import MOST_FREEDOM, Units, units_of

BLOCKS = 400
ELEMENTS = 2**22  # of the weights in memory at once
LEAST_FREEDOM = 3
CAP = 1.7  # of `share_interval` for average precision of tags
FAR = 30.0  # exponents end here: e^30 is as good as no bound
TINY = 1e-12


@dataclass(frozen=True)
class Jackknife:
    """A metric on all rows, and without each unit or block of units.

    Attributes:
        value: on all rows.
        replicates: (b,) without `step` of each block's weight.
        units: how many there are.
        step: in (0, 1]; a part of the weight keeps classes with a single row.
    """

    value: float
    replicates: Floats
    units: int
    step: float = 1.0

    @property
    def error(self) -> float:
        """The standard error."""
        many = len(self.replicates)
        return float(np.sqrt((many - 1) / many * np.square(self._off).sum())) / self.step

    @property
    def bias(self) -> float:
        """Of the metric in samples of this size."""
        mean = float(self.replicates.mean())
        return (len(self.replicates) - 1) * (mean - self.value) / self.step**2

    @property
    def t(self) -> float:
        """Student's quantile of 0.975."""
        square = float(np.square(self._off).sum())
        most = min(max(self.units - 1, 1), MOST_FREEDOM)
        if square <= 0:
            return quantile(most)
        kurtosis = len(self.replicates) * float((self._off**4).sum()) / square**2
        return quantile(min(most, max(LEAST_FREEDOM, int(2 * self.units / max(kurtosis - 1, TINY)))))

    @property
    def _off(self) -> Floats:
        off: Floats = self.replicates - self.replicates.mean()
        return off


def jackknife(metric: Callable[[Floats], Floats], units: Units, step: float = 1.0) -> Jackknife:
    """The jackknife of one metric, from weights (b, n) to (b,)."""
    return jackknifes(lambda weights: metric(weights)[:, None], units, step)[0]


def jackknifes(metrics: Callable[[Floats], Floats], units: Units, step: float = 1.0) -> list[Jackknife]:
    """The jackknife of m metrics at once, from weights (b, n) to (b, m).

    Where a metric is undefined (NaN) without a block, it counts as unchanged there. Of a single unit the
    rows are left out, and the quantile is that of one degree of freedom, 12.7.
    """
    if units.count < 2 <= units.rows:
        return [replace(each, units=1) for each in jackknifes(metrics, units_of(units.rows), step)]
    block, many = units.index, units.count
    if many > BLOCKS:
        block, many = np.random.default_rng(0).permutation(units.count)[units.index] % BLOCKS, BLOCKS
    values = metrics(np.ones((1, units.rows)))[0]
    if many < 2:
        replicates = values[None]
    else:
        parts = np.array_split(np.arange(many), max(1, many * units.rows // ELEMENTS))
        replicates = np.concatenate([metrics(1.0 - step * np.equal(block, part[:, None])) for part in parts])
    replicates = np.where(np.isnan(replicates), values, replicates)
    return [
        Jackknife(float(value), column, units.count, step)
        for value, column in zip(values, replicates.T, strict=True)
    ]


def share_interval(
    estimate: Jackknife, units: Units, rows: float | None = None, cap: float = float("inf")
) -> Interval:
    """The interval of a metric in [0, 1]: Wilson's, for as many rows as the standard error stands for.

    Without an error to estimate, as at 0 or 1, it stands for `rows` independent rows, by default all,
    divided by the mean size of units. It never stands for more than `cap` times these.
    """
    value, error = estimate.value, estimate.error
    if np.isnan(value):
        return Interval(value, value, value)
    value = min(1.0, max(0.0, value))
    many, t = (units.rows if rows is None else rows) / units.size, units.t if units.grouped else Z
    if 0 < value < 1 and error > 0:
        many, t = min(cap * many, value * (1 - value) / error**2), estimate.t
    return wilson_of(value, many * (Z / t) ** 2)


def log_interval(estimate: Jackknife, most: float = float("inf")) -> Interval:
    """The interval of a positive metric, symmetric in its logarithm; half of the bias is removed."""
    value = estimate.value
    if value <= TINY:
        return Interval(value, value, max(value, float(estimate.replicates.max())))
    low, high = _symmetric(replace(estimate, value=_log(value), replicates=_log(estimate.replicates)))
    return Interval(value, min(value, _exp(low)), min(most, max(value, _exp(high))))


def r2_interval(estimate: Jackknife) -> Interval:
    """The interval of R^2, symmetric in log(1 - R^2), a ratio of variances; half of the bias is removed."""
    low, high = _symmetric(
        replace(estimate, value=_log(1 - estimate.value), replicates=_log(1 - estimate.replicates))
    )
    return Interval(estimate.value, min(estimate.value, 1 - _exp(high)), max(estimate.value, 1 - _exp(low)))


def correlation_interval(estimate: Jackknife) -> Interval:
    """The interval of a correlation, symmetric in Fisher's z (1915); half of the bias is removed."""
    edge = 1 - 0.5 / (estimate.units + 1)
    value, replicates = (
        np.arctanh(np.clip(each, -edge, edge)) for each in (estimate.value, estimate.replicates)
    )
    low, high = np.tanh(_symmetric(replace(estimate, value=float(value), replicates=replicates)))
    return Interval(estimate.value, min(estimate.value, float(low)), max(estimate.value, float(high)))


def difference_interval(estimate: Jackknife, most: float = float("inf")) -> Interval:
    """The interval of a difference of two models, symmetric, within [-most, most]."""
    value, half = estimate.value, estimate.t * estimate.error
    return Interval(value, max(-most, value - half), min(most, value + half))


def _symmetric(estimate: Jackknife) -> tuple[float, float]:
    middle, half = estimate.value - estimate.bias / 2, estimate.t * estimate.error
    return middle - half, middle + half


def _log(values: Any) -> Any:
    return np.log(np.maximum(values, TINY))


def _exp(exponent: float) -> float:
    return float(np.exp(min(FAR, max(-FAR, exponent))))
