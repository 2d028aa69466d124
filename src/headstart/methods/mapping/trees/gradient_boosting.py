from dataclasses import dataclass
from typing import Any, final

from numpy.typing import NDArray

from headstart.core import About, Labelled

from .arrays import Tree
from .boosting import Boosted, LeafwiseSettings
from .tree_method import SEED, ensembles


@final
@dataclass(frozen=True, kw_only=True)
class GradientBoosting(LeafwiseSettings):
    """Add up small trees on the columns of a table, each grown on the gradient of the loss of those before.

    It is histogram gradient boosting. Nothing is transferred: the backbone's weights have no part in it.
    Needs scikit-learn.
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

    def boost(self, x: NDArray[Any], y: NDArray[Any], classes: int, weights: NDArray[Any] | None) -> Boosted:
        """scikit-learn's trees."""
        kind = getattr(ensembles(), f"HistGradientBoosting{'Classifier' if classes else 'Regressor'}")
        model = kind(
            max_iter=self.iterations,
            learning_rate=self.rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.least(len(y), classes),
            random_state=SEED,
        ).fit(x, y, weights)
        columns = [
            [Tree.of_boosting(one.nodes, one.nodes["value"][:, None]) for one in column]
            for column in zip(*model._predictors, strict=True)
        ]
        scores = model.decision_function(x) if classes else model.predict(x)
        return Boosted(columns, model._baseline_prediction.reshape(-1), scores.reshape(len(x), -1))
