"""How sure one can be of a figure measured on few rows: 95 % intervals.

The bootstrap draws rows with replacement, as many as there are, and takes the middle 95 % of what
the metric says of the draws (Efron & Tibshirani 1993). Where rows come in groups that belong
together (one patient, one video), whole groups are drawn. A metric that is biased in small
samples, such as the calibration error, may lie outside that range: it is widened to hold it.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.core import BadData, BadInput, Unknown, fold

from .judged import METRICS, Floats, Ints, judge

RESAMPLES = 2000
ELEMENTS = 2**22  # of the weights held at once
Z = 1.959963984540054  # normal quantile of 0.975


class Interval(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def bootstrap(
    metric: Callable[[Floats], Floats],
    rows: int,
    seed: int,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> Interval:
    """The percentile bootstrap of any metric that takes weights of rows.

    Args:
        metric: from weights (b, rows), whole numbers >= 0, to (b,) figures.
        rows: how many there are, >= 1.
        seed: the same seed draws the same rows.
        groups: (rows,) which rows are drawn together; None draws each by itself.
        resamples: draws, >= 1.

    Raises:
        BadInput: `resamples` or `rows` is less than 1.
        BadData: `groups` has another length than `rows`.
    """

    def column(weights: Floats) -> Floats:
        return metric(weights)[:, None]

    return _intervals(column, rows, seed, groups, resamples)[0]


def score_all(
    probabilities: Floats,
    labels: Ints,
    classes: int,
    seed: int,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Every metric with its interval, all from the same draws.

    Args:
        probabilities: (n, classes), each row a distribution.
        labels: (n,) in [0, classes).
        classes: k.
        seed: the same seed draws the same rows.
        groups: (n,) which rows are drawn together; None draws each by itself.
        resamples: draws, >= 1.

    Returns:
        By name: accuracy, balanced_accuracy, macro_f1, log_loss (nats), calibration_error.

    Raises:
        BadData: a row is not a distribution over `classes`, or a label is out of range.
        BadInput: `resamples` is less than 1.
    """
    judged = judge(_of_width(probabilities, classes), labels)

    def all_of(weights: Floats) -> Floats:
        return np.stack([metric(judged, weights) for metric in METRICS.values()], 1)

    found = _intervals(all_of, len(judged.labels), seed, groups, resamples)
    return dict(zip(METRICS, found, strict=True))


def paired(
    ours: Floats,
    theirs: Floats,
    labels: Ints,
    classes: int,
    seed: int,
    *,
    metric: str = "accuracy",
    groups: ArrayLike | None = None,
) -> Interval:
    """A metric of our probabilities less that of theirs (both (n, classes)) on the same draws.

    Arguments and errors are those of `score_all`; `metric` is one of the names that it returns.

    Raises:
        Unknown: no metric has that name.
    """
    if metric not in METRICS:
        raise Unknown("metric", metric, METRICS)
    one, other = (judge(_of_width(p, classes), labels) for p in (ours, theirs))
    score = METRICS[metric]

    def difference(weights: Floats) -> Floats:
        return score(one, weights) - score(other, weights)

    return bootstrap(difference, len(one.labels), seed, groups)


def wilson(successes: int, rows: int) -> Interval:
    """A share with Wilson's score interval (1927, doi:10.1080/01621459.1927.10502953).

    Raises:
        BadInput: `rows` is less than 1, or `successes` is not in [0, rows].
    """
    if rows < 1 or not 0 <= successes <= rows:
        raise BadInput(f"A share needs 0 <= successes <= rows and a row, not {successes}, {rows}.")
    share, square = successes / rows, Z * Z / rows
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * float(np.sqrt(share * (1 - share) / rows + square / rows / 4))
    return Interval(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def _intervals(
    metric: Callable[[Floats], Floats],
    rows: int,
    seed: int,
    groups: ArrayLike | None,
    resamples: int,
) -> list[Interval]:
    """The intervals of m figures; `metric` goes from weights (b, rows) to (b, m)."""
    if resamples < 1 or rows < 1:
        raise BadInput(f"A bootstrap needs rows and resamples, not {rows} and {resamples}.")
    draws = np.concatenate([metric(weights) for weights in _draws(rows, seed, groups, resamples)])
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    value = metric(np.ones((1, rows)))[0]
    low, high = np.minimum(low, value), np.maximum(high, value)
    return [Interval(*map(float, each)) for each in zip(value, low, high, strict=True)]


def _draws(rows: int, seed: int, groups: ArrayLike | None, resamples: int) -> Iterator[Floats]:
    """How often each row was drawn: (b, rows) whole numbers, `resamples` of them in all."""
    member = _members(groups, rows)
    units = rows if member is None else int(member.max()) + 1
    generator = np.random.Generator(np.random.PCG64(fold(seed, "bootstrap")))
    block = max(1, ELEMENTS // rows)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = generator.integers(units, size=(size, units))
        drawn += np.arange(size)[:, None] * units
        counts = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units)
        yield (counts if member is None else counts[:, member]).astype(np.float64)


def _members(groups: ArrayLike | None, rows: int) -> NDArray[np.intp] | None:
    if groups is None:
        return None
    given = np.asarray(groups)
    if given.shape != (rows,):
        raise BadData(f"Groups must be one for each of {rows} rows, not {given.shape}.")
    return np.unique(given, return_inverse=True)[1]


def _of_width(probabilities: Floats, classes: int) -> Floats:
    if np.ndim(probabilities) != 2 or np.shape(probabilities)[1] != classes:
        raise BadData(f"Probabilities must be (n, {classes}), not {np.shape(probabilities)}.")
    return probabilities
