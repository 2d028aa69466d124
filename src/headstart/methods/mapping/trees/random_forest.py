from dataclasses import dataclass
from typing import Any, final

import torch
from numpy.typing import NDArray

from headstart.core import About, Labelled
from headstart.nn.tree_head import TreeHead

from .forest import forest_head
from .tree_method import SEED, TreeMethod, ensembles


@final
@dataclass(frozen=True, kw_only=True)
class RandomForest(TreeMethod):
    """Average the votes of trees, each grown on a bootstrap sample of the rows of a table.

    Each split is the best of some columns that are drawn. Nothing is transferred: the backbone's weights have
    no part in it. Needs scikit-learn.

    Attributes:
        trees: their number, >= 1.
        min_leaf: rows in a leaf, >= 1.
    """

    about = About(
        "random-forest",
        "nothing",
        "mapping",
        Labelled,
        "doi:10.1023/A:1010933404324",
        closed_form=True,
        needs_columns=True,
        package="sklearn",
    )
    trees: int = 100
    min_leaf: int = 1

    def __post_init__(self) -> None:
        self.check("trees", self.trees >= 1, ">= 1")
        self.check("min_leaf", self.min_leaf >= 1, ">= 1")

    def grow(self, x: NDArray[Any], y: NDArray[Any], outputs: int, weights: NDArray[Any] | None) -> TreeHead:
        """scikit-learn's forest; tags draw the root of the number of columns, as classes do."""
        kinds, n_jobs = ensembles(), torch.get_num_threads()
        same = {"min_samples_leaf": self.min_leaf, "random_state": SEED, "n_jobs": n_jobs}
        drawn = "sqrt" if y.dtype == bool else 1.0
        classifier = kinds.RandomForestClassifier(self.trees, **same)
        regressor = kinds.RandomForestRegressor(self.trees, max_features=drawn, **same)
        return forest_head(classifier, regressor, x, y, outputs, weights)
