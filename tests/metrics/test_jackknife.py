"""The jackknife against formulas, and the intervals on its scales."""

import numpy as np
import pytest
from scipy.stats import t

from headstart.metrics.jackknife import (
    Jackknife,
    difference_interval,
    jackknife,
    log_interval,
    r2_interval,
    share_interval,
)
from headstart.metrics.shares import Interval, mover, wilson, wilson_of
from headstart.metrics.units import units_of

X = np.random.default_rng(0).gamma(2.0, size=30)


def mean(weights):
    return weights @ X / weights.sum(1)


def variance(weights):
    return weights @ X**2 / weights.sum(1) - mean(weights) ** 2


def test_the_error_of_a_mean_is_exact():
    estimate = jackknife(mean, units_of(30))
    assert estimate.error == pytest.approx(X.std(ddof=1) / np.sqrt(30))
    assert estimate.bias == pytest.approx(0)


def test_the_bias_of_the_plain_variance_is_exact():
    assert jackknife(variance, units_of(30)).bias == pytest.approx(-X.var(ddof=1) / 30)


def test_half_a_step_gives_nearly_the_same():
    whole, half = (jackknife(variance, units_of(30), step) for step in (1.0, 0.5))
    assert half.error == pytest.approx(whole.error, rel=0.05)
    assert half.bias == pytest.approx(whole.bias, rel=0.05)


def test_the_error_over_groups_is_that_of_their_means():
    by = np.arange(10).repeat(3)
    groups = X.reshape(10, 3).mean(1)
    assert jackknife(mean, units_of(30, by)).error == pytest.approx(groups.std(ddof=1) / np.sqrt(10))


def test_blocks_of_many_units_estimate_the_same_error():
    x = np.random.default_rng(1).normal(size=5000)
    estimate = jackknife(lambda weights: weights @ x / weights.sum(1), units_of(5000))
    assert len(estimate.replicates) == 400
    assert estimate.error == pytest.approx(x.std() / np.sqrt(5000), rel=0.12)


def test_a_heavy_unit_costs_degrees_of_freedom():
    """One of 40 units makes all of the spread: kurtosis 38, so 80 / 37 = 2 degrees, of at least 3."""
    lone = np.zeros(40)
    lone[0] = 1
    assert Jackknife(0, lone, 40).t == pytest.approx(t.ppf(0.975, 3), abs=1e-6)
    even = np.tile([1.0, -1.0], 20)
    assert Jackknife(0, even, 40).t == pytest.approx(t.ppf(0.975, 39), abs=1e-6)


def test_the_interval_of_a_share_is_wilsons_for_the_rows_of_its_error():
    x = np.repeat([1.0, 0.0], [30, 10])
    units = units_of(40)
    estimate = jackknife(lambda weights: weights @ x / weights.sum(1), units)
    rows = 39 * (1.959964 / estimate.t) ** 2  # the error divides by n - 1
    assert share_interval(estimate, units) == pytest.approx(wilson_of(0.75, rows), abs=1e-6)
    sure = jackknife(lambda weights: np.ones(len(weights)), units)
    assert share_interval(sure, units) == pytest.approx(wilson(40, 40))
    assert share_interval(sure, units, 5) == pytest.approx(wilson(5, 5))


def test_scales_by_hand():
    """Replicates that are off by 1 %: an error of .01 sqrt(39) in the logarithm, of 40 units."""
    replicates = 2 * np.exp(np.tile([0.01, -0.01], 20))
    estimate = Jackknife(2.0, replicates, 40)
    half = t.ppf(0.975, 39) * 0.01 * np.sqrt(39)
    assert log_interval(estimate) == pytest.approx((2, 2 * np.exp(-half), 2 * np.exp(half)), rel=1e-4)
    ratio = Jackknife(0.5, 1 - replicates / 4, 40)
    assert r2_interval(ratio) == pytest.approx((0.5, 1 - np.exp(half) / 2, 1 - np.exp(-half) / 2), rel=1e-3)
    spread = np.std(replicates) * np.sqrt(39) * t.ppf(0.975, 39)
    found = difference_interval(Jackknife(0.0, replicates, 40))
    assert found.high == pytest.approx(spread, rel=1e-3)


def test_undefined_without_a_row_is_unchanged():
    estimate = jackknife(lambda weights: np.where(weights[:, 0] > 0, 0.5, np.nan), units_of(5))
    assert (estimate.value, estimate.error) == (0.5, 0)


def test_mover_by_hand():
    """Zou & Donner: .4 (.3 to .6) less .1 (.05 to .2): sqrt(.01 + .01) below, sqrt(.04 + .0025) above."""
    first, second = Interval(0.4, 0.3, 0.6), Interval(0.1, 0.05, 0.2)
    found = mover(first, second, 0)
    assert found == pytest.approx((0.3, 0.3 - np.sqrt(0.02), 0.3 + np.sqrt(0.0425)))
    paired = mover(first, second, 0.5)
    assert paired.low == pytest.approx(0.3 - np.sqrt(0.01 + 0.01 - 0.01))
    assert mover(first, first, 1.0).value == 0
