from dataclasses import dataclass
from typing import Any, final

from numpy.typing import NDArray

from headstart.core import About, Labelled
from headstart.nn.tree_head import TreeHead

from .forest import ForestSettings, forest_head
from .tree_method import ensembles


@final
@dataclass(frozen=True, kw_only=True)
class RandomForest(ForestSettings):
    """Average the votes of trees, each grown on a bootstrap sample of the rows of a table.

    Each split is the best of some columns that are drawn. Nothing is transferred: the backbone's weights have
    no part in it. Needs scikit-learn.
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

    def grow(self, x: NDArray[Any], y: NDArray[Any], outputs: int, weights: NDArray[Any] | None) -> TreeHead:
        """scikit-learn's forest; tags draw the root of the number of columns, as classes do."""
        kinds = ensembles()
        drawn = "sqrt" if y.dtype == bool else 1.0
        classifier = kinds.RandomForestClassifier(**self.arguments)
        regressor = kinds.RandomForestRegressor(max_features=drawn, **self.arguments)
        return forest_head(classifier, regressor, x, y, outputs, weights)
