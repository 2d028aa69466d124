"""Extremely randomised trees: shares by hand, and scikit-learn's trees."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from tests.methods.grown import NUMBERS, TAGS, X, Y
from tests.methods.test_weighted_probe import weighed
from tests.methods.ways import probed

from headstart.core import BadInput
from headstart.methods.mapping.trees.extra_trees import ExtraTrees
from headstart.methods.mapping.trees.tree_method import SEED


def test_one_leaf_by_hand():
    """Three rows of four are of class 0; the tree's vote and one more that is spread: (3/4 + 1/2) / 2."""
    labels = torch.tensor([0, 0, 0, 1])
    head = probed(ExtraTrees(trees=1, min_leaf=4), X[:4], labels, 2).head
    votes = (head(X[:4]) / head.scale).exp()
    torch.testing.assert_close(votes, torch.tensor([[1.25 / 2, 0.75 / 2]]).expand(4, 2))


def test_weights_by_hand():
    """The row of class 1 counts as the three others together."""
    labels, weight = torch.tensor([0, 0, 0, 1]), torch.tensor([1.0, 1.0, 1.0, 3.0])
    head = weighed(ExtraTrees(trees=3, min_leaf=4), X[:4], labels, 2, weight).head
    torch.testing.assert_close(head.sums(X[:1]), torch.tensor([[0.5, 0.5]]))


def test_every_row_is_remembered():
    """Without a bootstrap sample each tree knows the tags of its rows: (3 + 1/2) / 4 of the votes, or 1/8."""
    model = probed(ExtraTrees(trees=3), X, TAGS, 2)
    torch.testing.assert_close(model(X).sigmoid(), torch.where(TAGS, 3.5 / 4, 0.5 / 4))


def test_it_is_scikit_learns():
    new = X.flip(0) + 0.1
    theirs = ExtraTreesClassifier(20, random_state=SEED).fit(X, Y)
    np.testing.assert_allclose(
        probed(ExtraTrees(trees=20), X, Y, 3).head.sums(new), theirs.predict_proba(new), atol=1e-6
    )
    theirs = ExtraTreesRegressor(20, bootstrap=True, random_state=SEED).fit(X, NUMBERS)
    model = probed(ExtraTrees(trees=20), X, NUMBERS, 2)
    np.testing.assert_allclose(model(new), theirs.predict(new), rtol=1e-4, atol=1e-4)


def test_a_bad_setting_is_named():
    with pytest.raises(BadInput, match="extra-trees: trees is 0"):
        ExtraTrees(trees=0)
