import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import About, Labelled

from .arrays import LEAF, Tree
from .boosting import Boosted, BoostingMethod, grower
from .tree_method import SEED


@final
@dataclass(frozen=True, kw_only=True)
class CatBoost(BoostingMethod):
    """Add up symmetric trees on the columns of a table, as CatBoost grows them.

    All nodes of a level ask the same. Nothing is transferred: the backbone's weights have no part in it.
    Needs the package catboost.

    Attributes:
        iterations: trees, >= 1.
        rate: factor on each tree, > 0; None: what CatBoost takes for so many rows and iterations.
        depth: of a tree, in 1 .. 16.
    """

    about = About(
        "catboost",
        "nothing",
        "mapping",
        Labelled,
        "arXiv:1706.09516",
        closed_form=True,
        label_kinds=("classes", "numbers"),
        needs_columns=True,
        package="catboost",
        display_name="CatBoost",
    )
    iterations: int = 300
    rate: float | None = None
    depth: int = 6

    def __post_init__(self) -> None:
        self.check("iterations", self.iterations >= 1, ">= 1")
        self.check("rate", self.rate is None or 0 < self.rate < float("inf"), "a number > 0, or None")
        self.check("depth", 1 <= self.depth <= 16, "in 1 .. 16")

    def boost(self, x: NDArray[Any], y: NDArray[Any], classes: int, weights: NDArray[Any] | None) -> Boosted:
        """CatBoost's trees, of more than two classes with values for all in each leaf."""
        catboost = grower("catboost")
        settings = {
            "loss_function": "RMSE" if not classes else "Logloss" if classes == 2 else "MultiClass",
            "iterations": self.iterations,
            "learning_rate": self.rate,
            "depth": self.depth,
            "thread_count": torch.get_num_threads(),
            "random_seed": SEED % 2**31,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }
        rows = catboost.Pool(x.copy(), y, weight=weights)  # whose arrays may be read-only afterwards
        model = catboost.CatBoost({name: value for name, value in settings.items() if value is not None})
        model.fit(rows)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.json"
            model.save_model(str(file), format="json")
            stored = json.loads(file.read_text("utf-8"))
        scores = np.asarray(model.predict(rows, prediction_type="RawFormulaVal")).reshape(len(x), -1)
        scale, start = stored["scale_and_bias"]
        trees = [as_tree(one, scores.shape[1], scale) for one in stored["oblivious_trees"]]
        return Boosted([trees], np.broadcast_to(start, scores.shape[1]).astype(np.float64), scores)


def as_tree(stored: Mapping[str, Any], outputs: int, scale: float) -> Tree:
    """A symmetric tree in full: the last of its splits at the root, the first above the leaves.

    Leaves are numbered by which splits a row is above: 1 for the first, 2 for the second, 4 for the third.
    """
    splits = stored["splits"][::-1]
    inner, leaves = 2 ** len(splits) - 1, 2 ** len(splits)
    level = np.repeat(np.arange(len(splits)), 2 ** np.arange(len(splits)))
    number = np.arange(inner)
    left = np.concatenate([2 * number + 1, np.full(leaves, LEAF)])
    right = np.concatenate([2 * number + 2, np.full(leaves, LEAF)])
    feature, threshold = np.zeros(inner + leaves, np.int64), np.zeros(inner + leaves)
    feature[:inner] = np.array([one["float_feature_index"] for one in splits], np.int64)[level]
    threshold[:inner] = np.array([one["border"] for one in splits], np.float64)[level]
    value = np.zeros((inner + leaves, outputs))
    value[inner:] = scale * np.array(stored["leaf_values"]).reshape(leaves, outputs)
    return Tree(feature, threshold, left, right, value)
