"""95 % confidence intervals of metrics: bootstrap and Wilson's.

The bootstrap resamples the rows with replacement and takes the middle 95 % of the metric's values on
the resamples (Efron & Tibshirani 1993). Where rows come in dependent groups (one patient, one video),
whole groups are resampled. A metric that is biased in small samples, such as the calibration error,
may lie outside that range: the range is widened to include it.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.core import BadData, BadInput, Unknown, derive_seed, label_kind_of
from headstart.metrics.scored_outputs import Floats

from .kinds import measure_of

RESAMPLES = 2000
ELEMENTS = 2**22  # of the weights in memory at once
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
    """Percentile bootstrap of any metric that takes row weights.

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


def score_all(
    answers: ArrayLike,
    labels: Any,
    seed: int,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Compute every metric of the label kind with its interval, all from the same resamples.

    Args:
        answers: (n, k): probabilities of k classes or tags, or k numbers.
        labels: int64 (n,) in [0, k): classes; bool (n, k): tags; floats (n, k): numbers.
        seed: the same seed draws the same rows.
        groups: (n,) rows of a group are resampled together; None: independent rows.
        resamples: draws, >= 1.

    Returns:
        By name. Classes: accuracy, balanced_accuracy, macro_f1, log_loss (nats), calibration_error.
        Tags: average_precision, macro_f1, micro_f1, exact_match, hamming_accuracy, log_loss (nats),
        calibration_error. Numbers: r2, rmse, mae (both in the units of the labels), spearman.

    Raises:
        BadData: answers and labels differ in shape, a row of class probabilities is not a
            distribution, a number is NaN or infinite, or a label is out of range.
        BadInput: `resamples` is less than 1.
    """
    measures = measure_of(label_kind_of(labels))
    scored = measures.score(answers, labels)

    def all_of(weights: Floats) -> Floats:
        return np.stack([metric(scored, weights) for metric in measures.metrics.values()], 1)

    found = bootstraps(all_of, len(labels), seed, groups, resamples)
    return dict(zip(measures.metrics, found, strict=True))


def paired(
    ours: ArrayLike,
    theirs: ArrayLike,
    labels: Any,
    seed: int,
    *,
    metric: str | None = None,
    groups: ArrayLike | None = None,
) -> Interval:
    """Paired difference of a metric: ours less theirs (both (n, k)) on the same resamples.

    Arguments and errors are those of `score_all`; `metric` is one of the names that it returns, or None for
    the main one: accuracy of classes, average_precision of tags, r2 of numbers.

    Raises:
        BadData: the answers differ in shape.
        Unknown: no metric has that name.
    """
    measures = measure_of(label_kind_of(labels))
    name = measures.main if metric is None else metric
    if name not in measures.metrics:
        raise Unknown("metric", name, measures.metrics)
    if np.shape(ours) != np.shape(theirs):
        raise BadData(f"Answers of two shapes, {np.shape(ours)} and {np.shape(theirs)}, can't be compared.")
    one, other = (measures.score(answers, labels) for answers in (ours, theirs))
    score = measures.metrics[name]

    def difference(weights: Floats) -> Floats:
        return score(one, weights) - score(other, weights)

    return bootstrap(difference, len(labels), seed, groups)


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


def bootstraps(
    metrics: Callable[[Floats], Floats],
    rows: int,
    seed: int,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> list[Interval]:
    """Bootstrap m metrics on the same resamples; `metrics` maps weights (b, rows) to (b, m).

    A metric that is undefined on a resample, as no row of some kind was drawn, is NaN there, and the
    resample is ignored for it; one that is undefined on all rows is NaN, and so is its interval.

    Other arguments and errors are those of `bootstrap`.
    """
    if resamples < 1 or rows < 1:
        raise BadInput(f"A bootstrap needs rows and resamples, not {rows} and {resamples}.")
    draws = np.concatenate([metrics(weights) for weights in _draws(rows, seed, groups, resamples)])
    value = metrics(np.ones((1, rows)))[0]
    draws[:, np.isnan(value)] = 0  # undefined on all rows
    quantile = np.nanquantile if np.isnan(draws).any() else np.quantile
    low, high = quantile(draws, [0.025, 0.975], axis=0)
    low, high = np.minimum(low, value), np.maximum(high, value)
    return [Interval(*map(float, each)) for each in zip(value, low, high, strict=True)]


def _draws(rows: int, seed: int, groups: ArrayLike | None, resamples: int) -> Iterator[Floats]:
    """Counts of each row in each resample: (b, rows) integers, `resamples` in all."""
    member = _members(groups, rows)
    units = rows if member is None else int(member.max()) + 1
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "bootstrap")))
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
