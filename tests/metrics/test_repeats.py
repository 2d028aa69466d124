"""Student's interval: against scipy and by hand."""

import doctest
import math

import pytest
from scipy import stats

from headstart.core import BadInput
from headstart.metrics import repeats
from headstart.metrics.repeats import quantile, student


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 30, 199, 200])
def test_quantiles_are_scipys(freedom):
    assert quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


def test_by_hand():
    found = student([0.5, 0.6, 0.7])  # mean 0.6, standard deviation 0.1, two degrees of freedom
    half = 4.302652729749462 * 0.1 / math.sqrt(3)
    assert found == pytest.approx((0.6, 0.6 - half, 0.6 + half))
    assert student([0.5, 0.6, 0.7], 0.4, 0.8) == pytest.approx((0.6, 0.4, 0.8))
    assert student([0.25, 0.25]) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize("values", [[], [0.5]])
def test_one_value_says_nothing_of_scatter(values):
    with pytest.raises(BadInput, match=f"needs 2 or more, not {len(values)}"):
        student(values)


def test_the_examples_in_the_code():
    assert doctest.testmod(repeats).failed == 0
