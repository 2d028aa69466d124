"""Intervals of accuracy, balanced accuracy, macro-F1 and log loss, and of their differences.

What few rows can't show is added as a few rows that were not seen, as Wilson's interval of a share does:
otherwise intervals are too short where all rows of a class are right, or no confident row is wrong.
How many was chosen by simulation, see `benchmarks/coverage.py`.
"""

from collections.abc import Callable

import numpy as np

from headstart.core import derive_seed
from headstart.metrics import scored_outputs
from headstart.metrics.jackknife import Jackknife, jackknife
from headstart.metrics.scored_outputs import CLIP, Floats, ScoredOutputs, by_class, mean_where, once
from headstart.metrics.share_intervals import STEP, with_discordant
from headstart.metrics.shares import Interval, wilson_of
from headstart.metrics.units import Units, design_effect, effective_rows

DRAWS = 2000
WRONG = (0.7, 0.3)  # rows, or groups, that are added with a label drawn from a flattened prediction
SCARCE = 0.25  # variance of F1 that is added where classes have one group each: its classes come and go
CERTAIN = float(-np.log(CLIP))  # nats of a row whose label has no probability


def accuracy(scored: ScoredOutputs, units: Units, seed: int) -> Interval:
    """Wilson's interval for the effective number of rows."""
    return wilson_of(float(scored.right.mean()), effective_rows(scored.right, units))


def balanced_accuracy(scored: ScoredOutputs, units: Units, seed: int) -> Interval:
    """The quantiles of the mean of independent beta distributions, one a class that has rows.

    With n effective rows of a class, of which x are right, and k classes, the mean of its distribution is
    (x + m p + 1 / k) / (n + m + 2 / k): m = 2 - 2 / k rows with the share p of all classes, and Jeffreys'
    half a row right and wrong of two classes, less of more, as shifts of many classes add up. Its
    variance is about that of the recall of n rows. Classes without rows are left out.
    """
    value = once(scored, scored_outputs.balanced_accuracy, units.rows)
    counts = np.bincount(scored.labels, minlength=scored.classes).astype(np.float64)
    hits = np.asarray(np.bincount(scored.labels, scored.right, scored.classes), np.float64)[counts > 0]
    share = (hits.sum() + 0.5) / (units.rows + 1)
    part = effective_rows(scored.right, units) / units.rows
    rows, hits, k = part * counts[counts > 0], part * hits, len(hits)
    middle = (hits + (2 - 2 / k) * share + 1 / k) / (rows + 2)
    strength = np.maximum(rows - 1.25 + 4.5 / k, 0.5)
    generator = np.random.default_rng(derive_seed(seed, "classes"))
    right, wrong = (np.maximum(side * strength, 1e-3) for side in (middle, 1 - middle))
    low, high = np.quantile(generator.beta(right, wrong, (DRAWS, k)).mean(1), [0.025, 0.975])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def macro_f1(scored: ScoredOutputs, units: Units, seed: int) -> Interval:
    """Wilson's interval for the rows that the jackknife's standard error stands for.

    The error is that over rows, times the square root of the design effect of the accuracy; a part of the
    variance is added where there are few groups for the classes. What is
    estimated is the mean over the classes that have rows: a class that is only predicted lowers the
    value, and the interval is widened to hold it. Where all rows are right or none is, the interval is
    that of the balanced accuracy.
    """
    value = once(scored, scored_outputs.macro_f1, units.rows)
    estimate = jackknife(lambda weights: _f1(scored, weights), _each_row(units), STEP)
    if not 0 < estimate.value < 1 or estimate.error <= 0:
        around = balanced_accuracy(scored, units, seed)
    else:
        bias = estimate.bias * design_effect(scored.right, units)
        middle = min(0.999, max(0.001, estimate.value - bias / 2))
        rows = middle * (1 - middle) / estimate.error**2
        if units.grouped:
            rows /= 1 + SCARCE * len(np.unique(scored.labels)) / units.count
        around = wilson_of(middle, rows * effective_rows(scored.right, units) / units.rows)
    return Interval(value, min(value, around.low), max(value, around.high))


def log_loss(scored: ScoredOutputs, units: Units, seed: int) -> Interval:
    """Student's interval of the logarithm of the mean, with one more row, or group, that may be wrong.

    Its label is drawn from predictions p^(1/2) / sum p^(1/2): a test part without a confident mistake
    does not show that there are none. The degrees of freedom fall with the kurtosis, see `jackknife`.
    """
    value = float(scored.surprise.mean())
    if units.count < 2:
        return Interval(value, 0.0, CERTAIN)
    surprise = -np.log(np.clip(scored.probabilities, CLIP, 1))
    flat = _flattened(np.sqrt(scored.probabilities))
    first, second = (float((flat * surprise**power).sum(1).mean()) for power in (1, 2))
    wrong, size = WRONG[units.grouped], design_effect(scored.right, units)
    added = wrong * size
    squares, t = _spread(scored.surprise - value, units)
    squares += added * size * (second - 2 * first * value + value**2)
    total = units.rows + added
    middle = (units.rows * value + added * first) / total
    if middle <= 0 or squares <= 0:
        return Interval(value, value, (1 - wilson_of(1, units.rows / units.size).low) * CERTAIN)
    factor = float(np.exp(min(30.0, t * np.sqrt(squares) / total / middle)))
    return Interval(value, min(value, middle / factor), min(CERTAIN, max(value, middle * factor)))


def share_difference(
    metric: Callable[[ScoredOutputs, Floats], Floats], classes: bool
) -> Callable[[ScoredOutputs, ScoredOutputs, Units, int], Interval]:
    """The paired difference of a mean over all rows, or over `classes`; see `with_discordant`."""

    def difference(first: ScoredOutputs, second: ScoredOutputs, units: Units, seed: int) -> Interval:
        estimate = jackknife(lambda weights: metric(first, weights) - metric(second, weights), units, STEP)
        counts = np.bincount(first.labels).astype(np.float64) if classes else np.array([float(units.rows)])
        return with_discordant(estimate, first.right - second.right, counts, units)

    return difference


def macro_f1_difference(first: ScoredOutputs, second: ScoredOutputs, units: Units, seed: int) -> Interval:
    """The same of F1, over the classes that have rows; widened to hold the difference of the figures."""
    around = share_difference(_f1, True)(first, second, units, seed)
    value, other = (once(scored, scored_outputs.macro_f1, units.rows) for scored in (first, second))
    value -= other
    return Interval(value, min(value, around.low), max(value, around.high))


def log_loss_difference(first: ScoredOutputs, second: ScoredOutputs, units: Units, seed: int) -> Interval:
    """Student's interval of the mean difference, with one more row, or group, as in `log_loss`.

    Its label is drawn from the flattened geometric mean of both predictions.
    """
    more = first.surprise - second.surprise
    value = float(more.mean())
    if units.count < 2:
        return Interval(value, -CERTAIN, CERTAIN)
    one, other = (np.clip(scored.probabilities, CLIP, 1) for scored in (first, second))
    flat = _flattened((one * other) ** 0.25)
    squares, t = _spread(more - value, units)
    squares += units.size**2 * float((flat * np.square(np.log(one / other))).sum(1).mean())
    half = t * float(np.sqrt(squares)) / units.rows
    return Interval(value, max(-CERTAIN, value - half), min(CERTAIN, value + half))


def _f1(scored: ScoredOutputs, weights: Floats) -> Floats:
    """Mean F1 over the classes that are the label of a row with weight."""
    predicted, rows, hits = by_class(scored, weights)
    return mean_where(2 * hits / np.maximum(predicted + rows, CLIP), rows > 0)


def _each_row(units: Units) -> Units:
    return Units(np.arange(units.rows), np.ones(units.rows))


def _flattened(positive: Floats) -> Floats:
    flat: Floats = positive / positive.sum(1, keepdims=True)
    return flat


def _spread(off: Floats, units: Units) -> tuple[float, float]:
    """The sum of squares of `off` (n,), deviations from a mean, over units, and its Student's quantile."""
    sums = units.sums(off)
    estimate = Jackknife(0.0, sums, units.count)
    squares = float(np.square(sums).sum()) * units.count / (units.count - 1)
    return squares, estimate.t
