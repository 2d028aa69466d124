from dataclasses import dataclass
from typing import Any, final

from numpy.typing import NDArray

from headstart.core import About, Labelled

from .arrays import Tree
from .boosting import Boosted, BoostingMethod, least_leaf
from .tree_method import SEED, ensembles


@final
@dataclass(frozen=True, kw_only=True)
class GradientBoosting(BoostingMethod):
    """Add up small trees on the columns of a table, each grown on the gradient of the loss of those before.

    It is histogram gradient boosting. Nothing is transferred: the backbone's weights have no part in it.
    Needs scikit-learn.

    Attributes:
        iterations: trees for each class or number, at most, >= 1.
        rate: factor on each tree, > 0.
        leaves: of a tree at most, >= 2.
        min_leaf: rows in a leaf, >= 1; None: as many as make five leaves of a class, but 20 at most.
    """

    about = About(
        "gradient-boosting",
        "nothing",
        "mapping",
        Labelled,
        "doi:10.1214/aos/1013203451",
        closed_form=True,
        label_kinds=("classes", "numbers"),
        needs_columns=True,
        package="sklearn",
    )
    iterations: int = 100
    rate: float = 0.1
    leaves: int = 31
    min_leaf: int | None = None

    def __post_init__(self) -> None:
        self.check("iterations", self.iterations >= 1, ">= 1")
        self.check("rate", 0 < self.rate < float("inf"), "a number > 0")
        self.check("leaves", self.leaves >= 2, ">= 2")
        self.check("min_leaf", self.min_leaf is None or self.min_leaf >= 1, ">= 1, or None")

    def boost(self, x: NDArray[Any], y: NDArray[Any], classes: int, weights: NDArray[Any] | None) -> Boosted:
        """scikit-learn's trees."""
        kind = getattr(ensembles(), f"HistGradientBoosting{'Classifier' if classes else 'Regressor'}")
        model = kind(
            max_iter=self.iterations,
            learning_rate=self.rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.min_leaf or least_leaf(len(y), max(1, classes)),
            random_state=SEED,
        ).fit(x, y, weights)
        columns = [
            [Tree.of_boosting(one.nodes, one.nodes["value"][:, None]) for one in column]
            for column in zip(*model._predictors, strict=True)
        ]
        scores = model.decision_function(x) if classes else model.predict(x)
        return Boosted(columns, model._baseline_prediction.reshape(-1), scores.reshape(len(x), -1))
