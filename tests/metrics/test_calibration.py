"""Calibration: bins by hand, and a temperature that is known."""

import numpy as np
import pytest

from headstart.core import BadInput
from headstart.metrics.calibration import (
    expected_calibration_error,
    reliability,
)


def two(confidences):
    sure = np.asarray(confidences)
    return np.stack([sure, 1 - sure], 1)


def test_calibration_error_by_hand():
    p = two([0.95, 0.97, 0.99, 0.55])
    y = np.array([0, 0, 1, 0])
    # with 10 bins: three rows at 0.97 of which 2/3 right; one at 0.55, right
    expected = 3 / 4 * (0.97 - 2 / 3) + 1 / 4 * (1 - 0.55)
    assert expected_calibration_error(p, y, bins=10) == pytest.approx(expected)


def test_a_bin_holds_its_upper_end():
    p, y = two([0.75, 0.750001]), np.array([0, 1])
    assert [found.rows for found in reliability(p, y, bins=4)] == [0, 0, 1, 1]
    assert [found.rows for found in reliability(two([1.0]), y[:1], bins=4)] == [0, 0, 0, 1]


def test_reliability_by_hand():
    bins = reliability(two([0.95, 0.97, 0.55]), np.array([0, 1, 0]), bins=10)
    assert bins[9] == pytest.approx((0.96, 0.5, 2))
    assert bins[5] == pytest.approx((0.55, 1.0, 1))
    assert bins[0] == pytest.approx((0.05, 0.0, 0))
    assert len(reliability(two([0.9]), np.array([0]))) == 15


def test_the_error_is_that_of_the_bins():
    rng = np.random.default_rng(0)
    p, y = rng.dirichlet(np.ones(4), 200), rng.integers(0, 4, 200)
    bins = reliability(p, y)
    expected = sum(b.rows * abs(b.accuracy - b.confidence) for b in bins) / 200
    assert expected_calibration_error(p, y) == pytest.approx(expected)


def test_right_as_often_as_sure_is_no_error():
    p, y = two([0.75] * 4), np.array([0, 0, 0, 1])
    assert expected_calibration_error(p, y) == pytest.approx(0)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(BadInput, match="bin"):
        reliability(two([0.9]), np.array([0]), bins=0)
