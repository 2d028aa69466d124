"""The calibration error without its bias, with an interval, and the difference of two.

What is estimated is the calibration error of the population for fixed bins of equal width,
sum_b |E[(right - confidence) 1(confidence in bin b)]|, in [0, 1] (`expected_calibration_error` of a sample
without end). Of a sample of n rows that sum is too large, since each bin's gap is the true one plus noise:
by .05 to .18 of 40 rows that are calibrated (Broecker & Smith 2007, doi:10.1175/WAF993.1; Kumar et al.
2019, arXiv:1909.10155, who remove the bias of squared gaps). The bias of the sum is removed here by
inverting its distribution: if the true gaps were c times a direction, it would be
T(c) = sum_b |c d_b + e_b|, with e the noise; the value has the observed sum as its median, the ends of the
interval as quantiles.
"""

from dataclasses import dataclass

import numpy as np

from headstart.core import derive_seed
from headstart.metrics.scored_outputs import BINS, Floats, Ints, bin_of
from headstart.metrics.shares import Interval, mover, wilson_of
from headstart.metrics.units import Units, design_effect, effective_rows

DRAWS = 2000
CALIBRATED = (0.5, 0.3)  # of the variance that calibrated answers have in the noise, of rows and of groups
LOW = (0.03, 0.08)  # tail of the lower end, of rows and of groups
HIGH = 0.01  # the upper end also allows for another direction than the observed one, the lower is
# often 0, where nothing is left out
SMALL = 1e-12


@dataclass(frozen=True)
class Calibration:
    """A calibration error, of one model or for a difference of two.

    Attributes:
        interval: of the error.
        influence: (count,) how each unit moves the plain error.
        near: the upper end for a difference, where gaps in common to both models matter less.
    """

    interval: Interval
    influence: Floats
    near: float


def calibration(
    confidence: Floats, right: Floats, units: Units, seed: int, grouped: bool | None = None
) -> Calibration:
    """The debiased calibration error in [0, 1] with its 95 % interval.

    The noise is normal, with the correlations of the bins' gaps over units, and a variance between what
    is seen and what calibrated answers of this design effect have, so that a bin without an error has some.
    The upper end is the larger of those along the gaps as they are, and along one gap common to all rows.

    Args:
        confidence: (n,) in [0, 1].
        right: (n,) 0 or 1.
        units: what is independent.
        seed: of the noise.
        grouped: whether units are groups of a few, and not the pairs of a row and a tag; None: as they are.
    """
    place, n, bins = bin_of(confidence, BINS), units.rows, BINS
    grouped = units.grouped if grouped is None else grouped
    cells = units.index * bins + place
    by_unit: Floats = np.zeros((units.count, bins))
    by_unit.reshape(-1)[:] = np.bincount(cells, right - confidence, units.count * bins)
    gap = by_unit.sum(0) / n
    total = float(np.abs(gap).sum())
    influence: Floats = by_unit @ np.sign(gap)
    if units.count < 2:
        return Calibration(Interval(total, 0.0, 1.0), influence, 1.0)
    rows = np.bincount(place, minlength=bins)
    noise = _noise(by_unit, _calibrated_variance(rows, place, confidence, right, units), grouped, seed) / n
    common = rows / n * (np.sign(gap.sum()) or 1.0)
    seen = gap if total > SMALL else common
    if np.abs(noise).max() <= SMALL:  # certain, and all right or all wrong
        room = 1 - wilson_of(1.0, n / units.size).low
        low, high = max(0.0, total - room), min(1.0, total + room)
        return Calibration(Interval(total, low, high), influence, high)
    overall = np.sqrt(max(0.0, float(gap.sum()) ** 2 - float(noise.sum(1).var())))
    value = min(total, max(_invert(total, seen, noise, 0.5), float(overall)))
    low = _invert(total, seen, noise, 1 - LOW[grouped])
    share, sure = wilson_of(float(right.mean()), effective_rows(right, units)), float(confidence.mean())
    ends = [_invert(total, direction, noise, HIGH) for direction in (seen, common)]
    high = max(*ends, sure - share.low, share.high - sure)
    near = (high + max(ends)) / 2 if grouped else max(ends)
    low, near, high = min(low, value), min(1.0, max(near, value)), min(1.0, max(high, value))
    return Calibration(Interval(value, low, high), influence, near)


def calibration_difference(first: Calibration, second: Calibration) -> Interval:
    """The paired difference of two calibration errors of the same units, by `mover`."""
    pair = np.stack([first.influence, second.influence])
    vary = pair.shape[1] > 1 and bool(np.all(np.ptp(pair, axis=1) > SMALL))
    correlation = max(0.0, float(np.asarray(np.corrcoef(pair))[0, 1])) if vary else 0.0
    near, other = (each.interval._replace(high=each.near) for each in (first, second))
    value, low, high = mover(near, other, correlation)
    return Interval(value, max(-1.0, low), min(1.0, high))


def _calibrated_variance(rows: Ints, place: Ints, confidence: Floats, right: Floats, units: Units) -> Floats:
    """Variance (bins,) of sums of gaps, rows of a bin being right half-way between what is seen and said."""
    bins = len(rows)
    so = (np.bincount(place, confidence, bins) + np.bincount(place, right, bins)) / np.maximum(2 * rows, 1)
    variance: Floats = rows * so * (1 - so) * design_effect(right, units)
    return variance


def _noise(by_unit: Floats, calibrated: Floats, grouped: bool, seed: int) -> Floats:
    """Draws (DRAWS, bins) of the noise of sums of gaps, of which units have `by_unit` (count, bins)."""
    count, bins = by_unit.shape
    off = by_unit - by_unit.mean(0)
    values, vectors = np.linalg.eigh(off.T @ off * count / (count - 1))
    half = np.random.default_rng(derive_seed(seed, "calibration")).normal(size=(DRAWS // 2, bins))
    draws = np.concatenate([half, -half])
    seen = draws * np.sqrt(np.maximum(values, 0)) @ vectors.T
    variance = np.square(off).sum(0) * count / (count - 1)
    part = CALIBRATED[grouped]
    wanted = np.sqrt((1 - part) * variance + part * calibrated)
    noise: Floats = np.where(
        variance > SMALL, seen * wanted / np.sqrt(np.maximum(variance, SMALL)), draws * wanted
    )
    return noise


def _invert(total: float, direction: Floats, noise: Floats, share: float) -> float:
    """The error along a direction at which a `share` of the sums is at most `total`; 0 if there is none."""
    unit = direction / np.abs(direction).sum()

    def below(error: float) -> float:
        return float((np.abs(error * unit + noise).sum(1) <= total).mean())

    low, high = 0.0, 2.0
    if below(0.0) <= share:
        return 0.0
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) > share else (low, middle)
    return low
