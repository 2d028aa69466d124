"""Forests: independent trees whose votes are averaged."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import label_kind_of
from headstart.nn.tree_head import TreeHead

from .arrays import Tree, head_of
from .tree_method import SEED, TreeMethod


@dataclass(frozen=True, kw_only=True)
class ForestSettings(TreeMethod):
    """Settings of forests.

    Attributes:
        trees: their number, >= 1.
        min_leaf: rows in a leaf, >= 1.
    """

    trees: int = 100
    min_leaf: int = 1

    def __post_init__(self) -> None:
        self.check("trees", self.trees >= 1, ">= 1")
        self.check("min_leaf", self.min_leaf >= 1, ">= 1")

    @property
    def arguments(self) -> dict[str, Any]:
        """Those of scikit-learn's forests."""
        return {
            "n_estimators": self.trees,
            "min_samples_leaf": self.min_leaf,
            "random_state": SEED,
            "n_jobs": torch.get_num_threads(),
        }


def forest_head(
    classifier: Any, regressor: Any, x: NDArray[Any], y: NDArray[Any], outputs: int, w: Any
) -> TreeHead:
    """Fit one of two forests of scikit-learn to labels y (n, ...) of any kind, and make it a head.

    Of tags it is the regressor, whose squared error of 0 and 1 is half of the Gini impurity.
    """
    kind = label_kind_of(y)
    numbers = y[:, 0] if y.ndim > 1 and y.shape[1] == 1 else y
    found = classifier.fit(x, y, w) if kind == "classes" else regressor.fit(x, numbers.astype(np.float64), w)
    trees = []
    for each in found.estimators_:
        value = np.zeros((each.tree_.node_count, outputs))
        if kind == "classes":
            value[:, found.classes_] = each.tree_.value[:, 0]
        else:
            value[:] = each.tree_.value[:, :, 0]
        trees.append(Tree.of_forest(each.tree_, value / len(found.estimators_)))
    return head_of(trees, outputs, "" if kind == "numbers" else kind)
