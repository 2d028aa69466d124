"""XGBoost: one step by hand; what it shares with the other ways is in test_boosting.py."""

import pytest
import torch
from tests.methods.boosted import one_step

from headstart.core import BadInput
from headstart.methods.mapping.trees.xgboost import XGBoost


@pytest.mark.parametrize(("decay", "step"), [(0.0, 1.5), (1.0, 1.0)])
def test_one_step_by_hand(decay, step):
    """Half of the sum of what is left, -6 and 6, over two rows and the penalty."""
    wanted = torch.tensor([4 - step, 4 - step, 4 + step, 4 + step])
    torch.testing.assert_close(one_step(XGBoost(decay=decay)), wanted)


@pytest.mark.parametrize(
    ("name", "value"),
    [("iterations", 0), ("rate", 0.0), ("depth", 0), ("decay", -1.0)],
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"xgboost: {name} is {value}"):
        XGBoost(**{name: value})
