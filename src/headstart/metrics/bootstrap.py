"""The bootstrap of anything that takes row weights: rows, or whole groups, are drawn with replacement."""

from collections.abc import Callable, Iterator
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadInput, derive_seed
from headstart.metrics.scored_outputs import Floats
from headstart.metrics.shares import Interval
from headstart.metrics.units import Units, units_of

RESAMPLES = 2000
ELEMENTS = 2**22  # of the weights in memory at once


def bootstrap(
    metric: Callable[[Floats], Floats],
    rows: int,
    seed: int,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> Interval:
    """Bootstrap of any metric that takes row weights.

    Args:
        metric: from integer weights (b, rows) >= 0 to (b,) values.
        rows: how many there are, >= 1.
        seed: the same seed draws the same rows.
        groups: (rows,) rows of a group are resampled together; None: independent rows.
        resamples: draws, >= 1.

    Raises:
        BadInput: `resamples` or `rows` is less than 1.
        BadData: `groups` has another length than `rows`.
    """

    def column(weights: Floats) -> Floats:
        return metric(weights)[:, None]

    return bootstraps(column, rows, seed, groups, resamples)[0]


def bootstraps(
    metrics: Callable[[Floats], Floats],
    rows: int,
    seed: int,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> list[Interval]:
    """Bootstrap m metrics on the same resamples; `metrics` maps weights (b, rows) to (b, m).

    The interval is the expanded percentile interval (Hesterberg 2015, doi:10.1080/00031305.2015.1089789):
    quantiles a little farther out than 2.5 and 97.5 %, so that the interval of a mean is Student's. A
    metric that is undefined on a resample, as no row of some kind was drawn, is NaN there, and the
    resample is ignored for it; one that is undefined on all rows is NaN, and so is its interval.

    Other arguments and errors are those of `bootstrap`.
    """
    if resamples < 1 or rows < 1:
        raise BadInput(f"A bootstrap needs rows and resamples, not {rows} and {resamples}.")
    units = units_of(rows, groups)
    draws = np.concatenate([metrics(weights) for weights in _draws(units, seed, resamples)])
    value = metrics(np.ones((1, rows)))[0]
    draws[:, np.isnan(value)] = 0  # undefined on all rows
    quantile = np.nanquantile if np.isnan(draws).any() else np.quantile
    tail = NormalDist().cdf(-units.t * np.sqrt(units.count / max(units.count - 1, 1)))
    low, high = quantile(draws, [tail, 1 - tail], axis=0)
    low, high = np.minimum(low, value), np.maximum(high, value)
    return [Interval(*map(float, each)) for each in zip(value, low, high, strict=True)]


def _draws(units: Units, seed: int, resamples: int) -> Iterator[Floats]:
    """Counts of each row in each resample: (b, rows) integers, `resamples` in all."""
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "bootstrap")))
    block, count = max(1, ELEMENTS // units.rows), units.count
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = generator.integers(count, size=(size, count))
        drawn += np.arange(size)[:, None] * count
        counts = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        yield (counts[:, units.index] if units.grouped else counts).astype(np.float64)
