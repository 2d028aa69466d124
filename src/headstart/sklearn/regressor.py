"""Any method of headstart on any backbone, as a regressor of one number or several."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array
from torch import nn

from headstart.core import BadData, Method
from headstart.models.trained_head import HeadChoice
from headstart.run.recipe import Recipe

from .estimator import Floats
from .learner import Learner
from .weights import row_weights


class TransferRegressor(RegressorMixin, Learner):  # type: ignore[misc]
    """Any method of headstart on any backbone, as a regressor: of one number or several.

    The settings of the method and the recipe are parameters, too, such as `method__penalty` and
    `recipe__steps`, so that a grid search can go over them.

    Attributes:
        backbone: a name, a module of yours, or what `hs.models.backbone` gave; never changed. None takes
            tables and brings their columns to mean 0 and variance 1.
        method: a name with settings after a colon, such as "knn:k=5", or a method of `hs.methods`.
        weights: for a name, a local file or "random".
        size: height and width of pictures in pixels; None: the backbone's own.
        recipe: how to descend; None: 100 steps of 32 rows. Its seed is replaced by `random_state`.
        batch: samples that are computed together in `predict`.
        cache: folder for what frozen parts give; folds and candidates of a search then share features
            of the same rows. None keeps nothing.
        head: of a fitted model as the backbone: "keep" begins with its head, by the names of the numbers
            ("target", or "target 0" and so on), "new" with another one; a mapping from old to new names
            renames first.
        random_state: of all that is random; None draws another one at each fit.
        predictor_: after `fit`, what answers; its `model` is the backbone and head.
    """

    def __init__(  # noqa: PLR0913  # an option is an argument
        self,
        backbone: str | nn.Module | None = None,
        method: str | Method[Any] = "ridge-probe",
        *,
        weights: str | Path | None = None,
        size: int | None = None,
        recipe: Recipe | None = None,
        batch: int = 64,
        cache: str | Path | None = None,
        head: HeadChoice = "keep",
        random_state: Any = None,
    ) -> None:
        self.backbone = backbone
        self.method = method
        self.weights = weights
        self.size = size
        self.recipe = recipe
        self.batch = batch
        self.cache = cache
        self.head = head
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Carry out the method on samples and numbers.

        Args:
            X: samples.
            y: (n,) or (n, columns).
            sample_weight: (n,) >= 0, how much each row counts; their scale does not matter. A row of weight 0
                is left out. None: all the same.

        Raises:
            BadData: samples or numbers that can't be learned from; weights that are no finite numbers >= 0,
                one a row, or leave fewer than two rows.
        """
        X, y = self._pairs(X, y, multi_output=True, y_numeric=True)  # noqa: N806
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        weights = row_weights(sample_weight, len(y))
        if (len(y) if weights is None else np.count_nonzero(weights)) < 2:
            raise BadData("TransferRegressor needs two samples or more, but has 1 sample.")
        self._flat = y.ndim == 1
        y = y.reshape(len(y), -1)
        names = ("target",) if y.shape[1] == 1 else tuple(f"target {place}" for place in range(y.shape[1]))
        self._learn(X, y, names, weights)
        return self

    def predict(self, X: Any) -> Floats:  # noqa: N803
        """Numbers of the shape of `fit`, (n,) or (n, columns), in their units."""
        found = self._answers(X)
        return found[:, 0] if self._flat else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
