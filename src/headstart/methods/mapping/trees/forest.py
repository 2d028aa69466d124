"""Forests: independent trees whose votes are averaged."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import label_kind_of
from headstart.nn.tree_head import TreeHead

from .arrays import Tree, head_of


def forest_head(
    classifier: Any, regressor: Any, x: NDArray[Any], y: NDArray[Any], outputs: int, w: Any
) -> TreeHead:
    """Fit one of two forests of scikit-learn to labels y (n, ...) of any kind, and make it a head.

    Of tags it is the regressor, whose squared error of 0 and 1 is half of the Gini impurity.
    """
    kind = label_kind_of(y)
    found = classifier.fit(x, y, w) if kind == "classes" else regressor.fit(x, y.astype(np.float64), w)
    trees = []
    for each in found.estimators_:
        value = np.zeros((each.tree_.node_count, outputs))
        if kind == "classes":
            value[:, found.classes_] = each.tree_.value[:, 0]
        else:
            value[:] = each.tree_.value[:, :, 0]
        trees.append(Tree.of_forest(each.tree_, value / len(found.estimators_)))
    return head_of(trees, outputs, "" if kind == "numbers" else kind)
