"""The calibration error without its bias: against the folded normal, and on rows whose error is known."""

import numpy as np
import pytest
from scipy.stats import foldnorm

from headstart.metrics.calibration import expected_calibration_error
from headstart.metrics.calibration_intervals import Calibration, _invert, calibration, calibration_difference
from headstart.metrics.intervals import score_all
from headstart.metrics.units import units_of


def answers(rows, off, seed):
    """Two classes: confidence c of (.6, .95), right with probability c - off."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.6, 0.95, rows)
    return confidence, (rng.random(rows) < confidence - off).astype(float)


def plain(confidence, right):
    p = np.stack([confidence, 1 - confidence], 1)
    return expected_calibration_error(p, 1 - right.astype(int))


def test_a_single_bin_is_a_folded_normal():
    """|c + e| with e normal of deviation s: the c at which .3 is its quantile, by SciPy's folded normal."""
    s, total = 0.1, 0.3
    noise = s * np.random.default_rng(0).normal(size=(100_000, 1))
    for share in (0.975, 0.5, 0.025):
        error = _invert(total, np.array([1.0]), noise, share)
        assert foldnorm.cdf(total, error / s, scale=s) == pytest.approx(share, abs=0.005)
    assert _invert(0.05, np.array([1.0]), noise, 0.5) == 0


@pytest.mark.parametrize(("rows", "seeds"), [(60, 60), (400, 60)])
@pytest.mark.parametrize("off", [0.0, 0.2])
def test_most_of_the_bias_is_gone(rows, seeds, off):
    values, plains, held = [], [], 0
    for seed in range(seeds):
        pair = answers(rows, off, seed)
        found = calibration(*pair, units_of(rows), seed).interval
        held += found.low <= off <= found.high
        values.append(found.value)
        plains.append(plain(*pair))
    assert abs(np.mean(values) - off) < 0.6 * abs(np.mean(plains) - off) + 0.01
    assert held >= 0.88 * seeds


def test_the_value_is_that_of_all_rows_where_there_are_many():
    pair = answers(200_000, 0.1, 0)
    found = calibration(*pair, units_of(200_000), 0).interval
    assert found.value == pytest.approx(0.1, abs=0.004)
    assert found.high - found.low < 0.012


def test_groups_that_are_right_together_widen_it():
    confidence, right = answers(40, 0.0, 1)
    many = confidence.repeat(10), right.repeat(10)
    grouped = calibration(*many, units_of(400, np.arange(40).repeat(10)), 0).interval
    alone = calibration(*many, units_of(400), 0).interval
    assert grouped.low == 0
    assert grouped.value < alone.value


def test_certain_and_right_is_no_proof():
    found = calibration(np.ones(12), np.ones(12), units_of(12), 0).interval
    assert found == pytest.approx((0, 0, 0.2425), abs=1e-3)  # 1 less Wilson's .7575 of 12 in 12


def test_differences_use_the_correlation():
    confidence, right = answers(300, 0.1, 3)
    first = calibration(confidence, right, units_of(300), 0)
    near = calibration(np.clip(confidence + 0.01, 0, 1), right, units_of(300), 0)
    far = calibration(*answers(300, 0.1, 4), units_of(300), 0)
    widths = [
        found.high - found.low for found in (calibration_difference(first, other) for other in (near, far))
    ]
    assert widths[0] < widths[1]
    apart = Calibration(first.interval, np.zeros(300), first.near)
    assert calibration_difference(first, apart).value == 0


def test_tags_count_pairs_that_depend_on_their_row():
    """The same tag three times is no more than once, but for what three look like."""
    confidence, right = answers(200, 0.1, 5)
    once = score_all(confidence[:, None], right[:, None] > 0, 0)["calibration_error"]
    thrice = score_all(confidence[:, None].repeat(3, 1), right[:, None].repeat(3, 1) > 0, 0)[
        "calibration_error"
    ]
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low, rel=0.15)
