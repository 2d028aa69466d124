"""LightGBM: one step by hand; what it shares with the other ways is in test_boosting.py."""

import pytest
import torch
from tests.methods.boosted import one_step

from headstart.core import BadInput
from headstart.methods.mapping.trees.lightgbm import LightGBM


def test_one_step_by_hand():
    """Half of -3 and 3; leaves of 2 rows and thresholds between 2 are allowed, as there are so few."""
    torch.testing.assert_close(one_step(LightGBM()), torch.tensor([2.5, 2.5, 5.5, 5.5]))


@pytest.mark.parametrize(
    ("name", "value"),
    [("iterations", 0), ("rate", 0.0), ("leaves", 1), ("min_leaf", 0)],
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"lightgbm: {name} is {value}"):
        LightGBM(**{name: value})
