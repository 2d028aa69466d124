from dataclasses import dataclass
from typing import Any, final

from numpy.typing import NDArray

from headstart.core import About, Labelled
from headstart.nn.tree_head import TreeHead

from .forest import ForestSettings, forest_head
from .tree_method import ensembles


@final
@dataclass(frozen=True, kw_only=True)
class ExtraTrees(ForestSettings):
    """Average the votes of trees on the rows of a table, whose thresholds are drawn at random.

    Each split is the best of one random threshold for each of some columns that are drawn. For numbers each
    tree has a bootstrap sample of the rows. Nothing is transferred: the backbone's weights have no part in
    it. Needs scikit-learn.
    """

    about = About(
        "extra-trees",
        "nothing",
        "mapping",
        Labelled,
        "doi:10.1007/s10994-006-6226-1",
        closed_form=True,
        needs_columns=True,
        package="sklearn",
    )

    def grow(self, x: NDArray[Any], y: NDArray[Any], outputs: int, weights: NDArray[Any] | None) -> TreeHead:
        """scikit-learn's trees; tags draw the root of the number of columns, as classes do."""
        kinds = ensembles()
        tags = y.dtype == bool
        drawn = "sqrt" if tags else 1.0
        classifier = kinds.ExtraTreesClassifier(**self.arguments)
        regressor = kinds.ExtraTreesRegressor(max_features=drawn, bootstrap=not tags, **self.arguments)
        return forest_head(classifier, regressor, x, y, outputs, weights)
