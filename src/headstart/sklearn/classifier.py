"""Any method of headstart on any backbone, as a classifier: one class a row, or any number of tags."""

from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from torch import nn

from headstart.core import BadData, BadInput, Method
from headstart.models.trained_head import HeadChoice
from headstart.run.recipe import Recipe
from headstart.runtime.predictions import TAG_THRESHOLD

from .estimator import Floats
from .learner import Learner
from .weights import row_weights, with_class_weights


class TransferClassifier(ClassifierMixin, Learner):  # type: ignore[misc]
    """Any method of headstart on any backbone, as a classifier.

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
        class_weight: how much the rows of each class count, by class; "balanced": as much in all for every
            class; None: as `sample_weight` says. Not for tags.
        head: of a fitted model as the backbone: "keep" begins with its head, by the names of the labels,
            "new" with another one; a mapping from old to new names renames first.
        random_state: of all that is random; None draws another one at each fit.
        classes_: after `fit`, the labels (k,) in ascending order; of tags 0, 1, ... k-1, their columns.
        predictor_: after `fit`, what answers; its `model` is the backbone and head.
    """

    def __init__(  # noqa: PLR0913  # an option is an argument
        self,
        backbone: str | nn.Module | None = None,
        method: str | Method[Any] = "logistic-probe",
        *,
        weights: str | Path | None = None,
        size: int | None = None,
        recipe: Recipe | None = None,
        batch: int = 64,
        cache: str | Path | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
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
        self.class_weight = class_weight
        self.head = head
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Carry out the method on samples and labels.

        Args:
            X: samples.
            y: (n,) classes, or (n, k) of 0 and 1 for k tags.
            sample_weight: (n,) >= 0, how much each row counts; their scale does not matter. A row of weight 0
                is left out. None: all the same.

        Raises:
            BadData: samples or labels that can't be learned from; weights that are no finite numbers >= 0,
                one a row, or are all 0.
            BadInput: `class_weight` is none, or goes with tags.
        """
        _refuse_missing(y)
        self._multilabel = _are_tags(y)
        X, y = self._pairs(X, y, multi_output=self._multilabel)  # noqa: N806
        weights = row_weights(sample_weight, len(X))
        if self._multilabel:
            return self._fit_tags(X, y, weights)
        y = column_or_1d(y)
        check_classification_targets(y)
        weights = with_class_weights(weights, self.class_weight, y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        present = self.classes_ if weights is None else np.unique(y[weights > 0])
        if len(present) < 2:
            raise BadData(
                f"TransferClassifier needs samples of two classes or more, but has {len(present)} class: "
                f"{present}."
            )
        self._learn(X, codes.astype(np.int64), tuple(map(str, self.classes_)), weights)
        return self

    def _fit_tags(self, X: Any, y: Any, weights: Floats | None) -> Self:  # noqa: N803
        if self.class_weight is not None:
            raise BadInput("class_weight goes with classes, and these labels are tags. Leave it out.")
        y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
        if not np.isin(y, (0, 1)).all():
            raise BadData(f"Tags are 0 and 1, but y holds {', '.join(map(str, np.unique(y)))}.")
        self.classes_ = np.arange(y.shape[1])
        self._dtype = y.dtype
        self._learn(X, y != 0, tuple(f"tag {place}" for place in range(y.shape[1])), weights)
        return self

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most probable class (n,) of each sample; of tags (n, k) those of probability 0.5 or more."""
        shares = self.predict_proba(X)
        tags = (shares >= TAG_THRESHOLD).astype(self._dtype) if self._multilabel else None
        found: NDArray[Any] = self.classes_[shares.argmax(1)] if tags is None else tags
        return found

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Probabilities (n, k), columns in the order of `classes_`; those of tags don't sum to 1."""
        return self._answers(X)

    def predict_log_proba(self, X: Any) -> Floats:  # noqa: N803
        """Their natural logarithms (n, k); -inf of a probability of 0."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _are_tags(y: Any) -> bool:
    """Whether labels are (n, k) of 0 and 1, or a sparse matrix of them."""
    shape = y.shape if hasattr(y, "shape") else np.asarray(y).shape
    return len(shape) == 2 and shape[1] > 1 and type_of_target(y) == "multilabel-indicator"


def _refuse_missing(y: Any) -> None:
    """Refuse None and NaN in labels that are Python objects: "None" and "nan" would become names."""
    objects = isinstance(y, list | tuple) or str(getattr(y, "dtype", "")) == "object"
    for row, label in enumerate(y if objects else ()):
        if label is None or (isinstance(label, Real) and label != label):
            raise BadData(f"Row {row} has no label: {label!r}. Leave the row out.")
