from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import About, Labelled

from .arrays import LEAF, Tree
from .boosting import Boosted, LeafwiseSettings, grower
from .tree_method import SEED

BIN = 3  # rows between two thresholds, LightGBM's default


@final
@dataclass(frozen=True, kw_only=True)
class LightGBM(LeafwiseSettings):
    """Add up trees on the columns of a table that grow leaf by leaf, as LightGBM does it.

    Nothing is transferred: the backbone's weights have no part in it. Needs the package lightgbm.
    """

    about = About(
        "lightgbm",
        "nothing",
        "mapping",
        Labelled,
        "https://papers.nips.cc/paper/6907",
        closed_form=True,
        label_kinds=("classes", "numbers"),
        needs_columns=True,
        package="lightgbm",
        display_name="LightGBM",
    )

    def boost(self, x: NDArray[Any], y: NDArray[Any], classes: int, weights: NDArray[Any] | None) -> Boosted:
        """LightGBM's trees, whose first ones hold what all are added to."""
        lightgbm = grower("lightgbm")
        least = self.least(len(y), classes)
        settings = {
            "objective": "regression" if not classes else "binary" if classes == 2 else "multiclass",
            "num_class": classes if classes > 2 else 1,
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": least,
            "min_data_in_bin": min(BIN, least),
            "num_threads": torch.get_num_threads(),
            "seed": SEED % 2**31,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        rows = lightgbm.Dataset(x, y, weight=weights, params=settings, free_raw_data=False)
        model = lightgbm.train(settings, rows, self.iterations)
        trees = [as_tree(one["tree_structure"]) for one in model.dump_model()["tree_info"]]
        scores = np.asarray(model.predict(x, raw_score=True)).reshape(len(x), -1)
        outputs = scores.shape[1]
        return Boosted([trees[k::outputs] for k in range(outputs)], np.zeros(outputs), scores)


def as_tree(root: Mapping[str, Any]) -> Tree:
    """A tree of nested nodes."""
    nodes = list(_walk(root))
    number = {id(node): place for place, node in enumerate(nodes)}

    def child(node: Mapping[str, Any], side: str) -> int:
        return number[id(node[side])] if side in node else LEAF

    return Tree(
        np.array([node.get("split_feature", 0) for node in nodes]),
        np.array([node.get("threshold", 0.0) for node in nodes]),
        np.array([child(node, "left_child") for node in nodes]),
        np.array([child(node, "right_child") for node in nodes]),
        np.array([[node.get("leaf_value", 0.0)] for node in nodes]),
    )


def _walk(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for side in ("left_child", "right_child"):
        if side in node:
            yield from _walk(node[side])
