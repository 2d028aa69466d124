"""What is independent: groups by hand, joined groupings, and how much groups cost."""

import numpy as np
import pytest

from headstart.core import BadData
from headstart.metrics.units import design_effect, effective_rows, units_of


def test_units_by_hand():
    units = units_of(6, ["b", "a", "b", "c", "b", "c"])
    assert units.index.tolist() == [1, 0, 1, 2, 1, 2]
    assert units.sizes.tolist() == [1, 3, 2]
    assert (units.count, units.rows, units.grouped) == (3, 6, True)
    assert units.size == pytest.approx((1 + 9 + 4) / 6)  # the mean of 3, 1, 3, 2, 3, 2
    assert units.t == pytest.approx(4.3027, abs=1e-4)
    assert units.sums(np.arange(6.0)).tolist() == [1, 6, 8]
    assert not units_of(6).grouped
    with pytest.raises(BadData, match="one for each of 6 rows"):
        units_of(6, [0, 1])


def test_the_design_effect_of_equal_rows_is_their_number():
    """Ten groups of four equal rows, six right: 4 * 10 / 9, the variance being divided by 9."""
    right = np.repeat([1.0] * 6 + [0.0] * 4, 4)
    assert design_effect(right, units_of(40, np.arange(10).repeat(4))) == pytest.approx(4 * 10 / 9)
    assert design_effect(right, units_of(40)) == 1


def test_the_design_effect_of_rows_that_do_not_depend_is_small():
    rng = np.random.default_rng(0)
    groups = np.arange(200).repeat(5)
    effects = [
        design_effect((rng.random(1000) < 0.7).astype(float), units_of(1000, groups)) for _ in range(20)
    ]
    assert 1 <= np.mean(effects) < 1.15


def test_hardly_an_error_leaves_groups_as_dependent_as_can_be():
    """Three errors in three of ten groups look independent; a quarter of full correlation remains."""
    right = np.ones(40)
    right[[0, 4, 8]] = 0
    units = units_of(40, np.arange(10).repeat(4))
    assert design_effect(right, units) == pytest.approx(1 + 3 / 4)
    assert design_effect(np.ones(40), units) == 4
    assert effective_rows(np.ones(40), units) == pytest.approx(10 * (1.959964 / 2.262157) ** 2)
