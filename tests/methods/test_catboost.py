"""CatBoost: one step by hand; what it shares with the other ways is in test_boosting.py."""

import numpy as np
import pytest
import torch
from tests.methods.boosted import one_step

from headstart.core import BadInput
from headstart.methods.mapping.trees.catboost import CatBoost, as_tree


def test_one_step_by_hand():
    """Half of the sum of what is left, -6 and 6, over two rows and CatBoost's usual penalty, 3."""
    torch.testing.assert_close(one_step(CatBoost(depth=1)), torch.tensor([3.4, 3.4, 4.6, 4.6]))


def test_a_tree_is_written_out_level_by_level():
    """A row above the first split counts 1, above the second 2: leaves 0 to 3."""
    splits = [{"float_feature_index": 0, "border": 0.5}, {"float_feature_index": 1, "border": 0.5}]
    tree = as_tree({"splits": splits, "leaf_values": [10.0, 20.0, 30.0, 40.0]}, 1, 1.0)
    rows = [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert [tree.of(np.array(row, np.float32)) for row in rows] == [10.0, 20.0, 30.0, 40.0]


def test_the_arrays_of_the_caller_stay_writeable():
    """CatBoost locks those whose columns lie one after the other, as a single one does."""
    x = np.linspace(0, 1, 30, dtype=np.float32)[:, None]
    CatBoost(iterations=2).grow(x, x, 1, None)
    assert x.flags.writeable


@pytest.mark.parametrize(
    ("name", "value"),
    [("iterations", 0), ("rate", 0.0), ("depth", 17)],
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"catboost: {name} is {value}"):
        CatBoost(**{name: value})
