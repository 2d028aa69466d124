"""Intervals of an area under the curve, and tests of shares: by hand, and by how often they are wrong."""

import numpy as np
import pytest

from headstart.core import BadData, BadInput
from headstart.metrics.shift.apart import auc
from headstart.metrics.shift.shares import total_variation


def test_auc_by_hand():
    found = auc([1.0, 2.0], [2.0, 3.0])  # pairs: 1<2, 1<3, 2=2, 2<3
    assert found.value == (1 + 1 + 0.5 + 1) / 4
    # placements of the source 1, .75 and of the target .75, 1: variance 1/32 of each, over 2
    middle, half = np.log(7), 1.959963984540054 * np.sqrt(1 / 32) / (0.875 * 0.125)
    assert found.low == pytest.approx(1 / (1 + np.exp(half - middle)))
    assert found.high == pytest.approx(1 / (1 + np.exp(-half - middle)))


def test_the_interval_holds_the_truth_in_19_of_20():
    rng, hits = np.random.default_rng(0), 0
    truth = 0.760249938906523  # of normal distributions one deviation apart: Phi(1 / sqrt 2)
    for _ in range(300):
        found = auc(rng.normal(size=60), rng.normal(1, 1, 40))
        hits += found.low <= truth <= found.high
    assert 275 <= hits <= 295


def test_rows_of_a_group_are_no_more_than_one():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=50), rng.normal(1, 1, 50)
    alone = auc(one, other)
    groups = np.repeat(np.arange(50), 4)
    again = auc(np.repeat(one, 4), np.repeat(other, 4), groups, groups)
    assert again.value == pytest.approx(alone.value)
    assert (again.low, again.high) == pytest.approx((alone.low, alone.high))
    assert auc(np.repeat(one, 4), np.repeat(other, 4)).low > alone.low + 0.02


def test_without_a_pair_in_the_wrong_order_there_is_still_doubt():
    found = auc([0.0] * 30, [1.0] * 10)
    assert found.value == found.high == 1.0
    assert found.low == pytest.approx(0.7225, abs=1e-4)  # Wilson's, of 10 in 10
    assert auc([0.0], [0.0]).value == 0.5
    assert auc([0.0, 1.0], [0.5, 2.0], [3, 3], [4, 5]).low == 0.0


def test_total_variation_by_hand():
    found = total_variation([8, 2], [2, 8], draws=500)
    assert found.value == pytest.approx(0.6)
    # hypergeometric: at least as far apart are 0..2 and 8..10 of the first kind among 10 of 10 + 10
    assert found.p_value == pytest.approx(0.0230, abs=0.012)
    assert total_variation([5, 5], [5, 5]).p_value == 1.0
    assert total_variation([1000, 0], [0, 1000], draws=99).p_value == 0.01


def test_shares_that_are_alike_are_seldom_called_different():
    rng, hits = np.random.default_rng(0), 0
    for seed in range(200):
        one, other = (rng.multinomial(n, [0.5, 0.3, 0.2]) for n in (80, 50))
        hits += total_variation(one, other, 199, seed).p_value <= 0.05
    assert hits <= 20


@pytest.mark.parametrize("wrong", [[], [0, 0], [-1, 2], [0.5, 1.0], [[1, 2]], [1, 2, 3]])
def test_counts_that_are_refused(wrong):
    with pytest.raises(BadData):
        total_variation(np.array(wrong), np.array([1, 2]))


def test_other_refusals():
    with pytest.raises(BadInput):
        total_variation([1, 2], [2, 1], draws=0)
    for wrong in ([], [np.nan], [[1.0]], ["a"]):
        with pytest.raises(BadData):
            auc(wrong, [1.0])
