import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import About, Labelled

from .arrays import Tree
from .boosting import Boosted, BoostingMethod, grower
from .tree_method import SEED


@final
@dataclass(frozen=True, kw_only=True)
class XGBoost(BoostingMethod):
    """Add up trees on the columns of a table that grow level by level, as XGBoost does it.

    Nothing is transferred: the backbone's weights have no part in it. Needs the package xgboost.

    Attributes:
        iterations: trees for each class or number, >= 1.
        rate: factor on each tree, > 0.
        depth: of a tree at most, >= 1.
        decay: L2 penalty on the values of leaves, >= 0.
    """

    about = About(
        "xgboost",
        "nothing",
        "mapping",
        Labelled,
        "arXiv:1603.02754",
        closed_form=True,
        label_kinds=("classes", "numbers"),
        needs_columns=True,
        package="xgboost",
        display_name="XGBoost",
    )
    iterations: int = 100
    rate: float = 0.3
    depth: int = 6
    decay: float = 1.0

    def __post_init__(self) -> None:
        self.check("iterations", self.iterations >= 1, ">= 1")
        self.check("rate", 0 < self.rate < float("inf"), "a number > 0")
        self.check("depth", self.depth >= 1, ">= 1")
        self.check("decay", 0 <= self.decay < float("inf"), "a number >= 0")

    def boost(self, x: NDArray[Any], y: NDArray[Any], classes: int, weights: NDArray[Any] | None) -> Boosted:
        """XGBoost's trees; what they are added to is what they leave of the first row."""
        xgboost = grower("xgboost")
        goal = "reg:squarederror" if not classes else "binary:logistic" if classes == 2 else "multi:softprob"
        settings = {
            "objective": goal,
            "eta": self.rate,
            "max_depth": self.depth,
            "lambda": self.decay,
            "nthread": torch.get_num_threads(),
            "seed": SEED % 2**31,
            "tree_method": "hist",
            "device": "cpu",
            "verbosity": 0,
        } | ({"num_class": classes} if classes > 2 else {})
        rows = xgboost.DMatrix(x, y, weight=weights)
        model = xgboost.train(settings, rows, self.iterations)
        stored = json.loads(model.save_raw("json"))["learner"]["gradient_booster"]["model"]
        scores = model.predict(rows, output_margin=True).reshape(len(x), -1).astype(np.float64)
        columns: list[list[Tree]] = [[] for _ in range(scores.shape[1])]
        for output, tree in zip(stored["tree_info"], stored["trees"], strict=True):
            columns[output].append(as_tree(tree))
        return Boosted(
            columns, scores[0] - [sum(one.of(x[0]) for one in column) for column in columns], scores
        )


def as_tree(stored: Mapping[str, Any]) -> Tree:
    """A tree whose rows go left if they are below a float32 number: at most the next smaller one."""
    conditions = np.array(stored["split_conditions"])
    below = np.nextafter(conditions.astype(np.float32), np.float32(-np.inf)).astype(np.float64)
    children = np.array(stored["left_children"]), np.array(stored["right_children"])
    return Tree(np.array(stored["split_indices"]), below, *children, conditions[:, None])
