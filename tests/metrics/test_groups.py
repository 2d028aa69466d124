"""Accuracy by group: by hand, against Wilson's interval, and intervals that hold together."""

import numpy as np
import pytest

from headstart.core import BadData
from headstart.metrics.groups import group_accuracy
from headstart.metrics.intervals import share, share_difference, wilson


def test_figures_by_hand():
    """3 of 4, 0 of 2 and 1 of 1; no row is of group 1."""
    found = group_accuracy([1, 1, 0, 1, 0, 0, 1], [0, 0, 0, 0, 2, 2, 5])
    assert found.groups == (0, 2, 5)
    assert found.rows == (4, 2, 1)
    assert [one.value for one in found.each] == [0.75, 0.0, 1.0]
    assert found.worst.value == 0.0
    assert found.worst_group == 2
    assert found.gap.value == 1.0
    assert found.average.value == pytest.approx(4 / 7)
    assert found.balanced == pytest.approx(1.75 / 3)


def test_an_interval_of_one_group_is_wilsons():
    found = group_accuracy([1] * 8 + [0] * 2, np.zeros(10, int))
    np.testing.assert_allclose(found.each[0], wilson(8, 10), rtol=1e-6)
    np.testing.assert_allclose(share([1] * 8 + [0] * 2), wilson(8, 10), rtol=1e-6)
    np.testing.assert_allclose(found.average, wilson(8, 10), rtol=1e-6)
    assert found.gap == (0.0, 0.0, pytest.approx(found.worst.high - found.worst.low))


def test_more_groups_make_wider_intervals():
    """Of two groups each interval is of 97.5 %: z = 2.2414."""
    z, n, p = 2.241403, 10, 0.8
    middle = (p + z * z / 2 / n) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    found = group_accuracy([1] * 8 + [0] * 2 + [1] * 8 + [0] * 2, [0] * 10 + [1] * 10)
    assert found.each[0].low == pytest.approx(middle - half, abs=1e-5)
    assert found.each[0].high == pytest.approx(middle + half, abs=1e-5)


def test_a_gap_is_proved_only_if_two_intervals_are_apart():
    near = group_accuracy([1] * 6 + [0] * 4 + [1] * 4 + [0] * 6, [0] * 10 + [1] * 10)
    assert near.gap.value == pytest.approx(0.2)
    assert near.gap.low == 0
    far = group_accuracy([1] * 90 + [0] * 10 + [1] * 10 + [0] * 90, [0] * 100 + [1] * 100)
    assert 0.5 < far.gap.low < far.gap.value < far.gap.high <= 1
    assert far.worst.low < 0.1 < far.worst.high < 0.25


def test_the_intervals_hold_together():
    """Five groups that are told right in 80 %: all five intervals hold it in 95 % of the worlds."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(5), 40)
    held = []
    for _ in range(400):
        found = group_accuracy(rng.random(200) < 0.8, groups)
        held.append(all(one.low <= 0.8 <= one.high for one in found.each))
        assert found.worst.low <= found.worst.value <= found.worst.high
    assert np.mean(held) > 0.92


@pytest.mark.parametrize(("right", "groups"), [([], []), ([1, 0], [0])])
def test_rows_that_do_not_fit(right, groups):
    with pytest.raises(BadData, match="at least one"):
        group_accuracy(right, groups)


def test_rows_that_depend_on_each_other_count_once():
    """Ten rows of each of 8 patients, all alike: as certain as 8 rows, with Student's quantile."""
    right, patients = np.repeat([1, 1, 1, 1, 1, 1, 0, 0], 10), np.repeat(np.arange(8), 10)
    found = group_accuracy(right, np.zeros(80, int), patients)
    alone = group_accuracy(right, np.zeros(80, int))
    once = wilson(6, 8)
    assert found.average.high - found.average.low > once.high - once.low
    assert found.average.high - found.average.low > 2.5 * (alone.average.high - alone.average.low)
    assert found.each[0] == pytest.approx(found.average)
    assert share(right, patients) == found.average


def test_a_difference_of_shares_by_hand():
    """40 rows, the first model right in 8 more: the jackknife's variance, 0.6 rows added, t of 39.

    Leaving 3/4 of a row out moves the mean by 3/4 (0.2 - x) / 39.25.
    """
    first, second = np.ones(40), np.r_[np.zeros(8), np.ones(32)]
    found = share_difference(first, second)
    variance = 39 / 40 * 40 * 0.2 * 0.8 / 39.25**2 + 0.6 / 40**2
    half = 2.0227 * np.sqrt(variance)
    assert found == pytest.approx((0.2, 0.2 - half, 0.2 + half), rel=1e-4)
    assert share_difference(second, first) == pytest.approx((-0.2, -0.2 - half, half - 0.2), rel=1e-4)
    assert share_difference(first, first) == (0, 0, 0)
    grouped = share_difference(first, second, np.repeat(np.arange(5), 8))
    assert grouped.low < 0 < found.low
    with pytest.raises(BadData, match="same rows twice, not 3 and 2"):
        share_difference([1, 0, 1], [1, 0])
