"""Boosting that unlearns what in the source contradicts a few labelled rows of the target."""

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, check_X_y, has_fit_parameter, validate_data
from torch import Tensor

from headstart.core import BadData, BadInput
from headstart.solvers.tradaboost import tradaboost

from .estimator import Floats
from .weights import row_weights


class TrAdaBoost(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learns from many rows of the source and a few labelled ones of the target.

    (Dai, Yang, Xue & Yu 2007, doi:10.1145/1273496.1273521.)
    Each round fits the estimator to all rows with their weights. Rows of the target that it gets wrong then
    count more, as in AdaBoost; rows of the source that it gets wrong count less, as they contradict the
    target. The last half of the rounds vote.

    With error e_t of round t on the target's weighted rows, beta_t = e_t / (1 - e_t) and
    beta = 1 / (1 + sqrt(2 ln n / rounds)) for n source rows, a wrong target row is multiplied by 1 / beta_t
    and a wrong source row by beta. A round's vote counts ln(1 / beta_t).

    Attributes:
        estimator: a classifier whose `fit` takes `sample_weight`; never changed. None: logistic regression.
        rounds: >= 1.
        classes_: after `fit`, (k,) in ascending order, of both domains.
        estimators_: after `fit`, of all rounds; those from `first_` on vote.
        errors_: after `fit`, (rounds,) of each on the target's weighted rows.
        source_weights_: after `fit`, (n,) how much each source row counts after the last round, as shares of
            all rows' weight.
        target_weights_: after `fit`, (m,) likewise.
    """

    def __init__(self, estimator: Any = None, rounds: int = 10) -> None:
        self.estimator = estimator
        self.rounds = rounds

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, target: Any = None) -> Self:  # noqa: N803
        """Learn from source rows X (n, columns) with classes y (n,), and `target`, such rows and classes.

        Args:
            X: of the source.
            y: of the source.
            sample_weight: (n,) >= 0, how much each source row counts at first; their scale does not matter: a
                target row counts as much as a source row on average. None: all the same.
            target: a pair of rows and their classes.

        Raises:
            BadInput: there is no target, `rounds` is less than 1, or the estimator takes no weights.
            BadData: the target has no rows, or other columns, or there is one class only; weights are no
                finite numbers >= 0, one a row, or all 0.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)  # noqa: N806
        y = column_or_1d(y)
        check_classification_targets(y)
        few, labels = self._few(target, X.shape[1])
        rows, told = np.concatenate([X, few]), np.concatenate([y, labels])
        self.classes_, codes = np.unique(told, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadData(f"TrAdaBoost needs two classes or more, but has 1 class: {self.classes_}.")
        weights = row_weights(sample_weight, len(X))
        source = np.ones(len(X)) if weights is None else weights / weights.mean()
        self._boost(rows, codes, np.concatenate([source, np.ones(len(few))]), len(X))
        return self

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The class (n,) with the most votes."""
        found: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(1)]
        return found

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Shares of the votes (n, k), columns in the order of `classes_`."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)  # noqa: N806
        votes = np.zeros((len(X), len(self.classes_)))
        for learner, vote in list(zip(self.estimators_, self._votes, strict=True))[self.first_ :]:
            votes[np.arange(len(X)), learner.predict(X)] += vote
        shares: Floats = votes / votes.sum(1, keepdims=True)
        return shares

    def _few(self, target: Any, width: int) -> tuple[Floats, NDArray[Any]]:
        if not isinstance(target, tuple | list) or len(target) != 2:
            raise BadInput("TrAdaBoost needs a few labelled rows: fit(X, y, target=(X_target, y_target)).")
        try:
            rows, labels = check_X_y(*target, dtype=np.float64)
        except ValueError as error:
            raise BadData(f"The target can't be learned from: {error}") from error
        if rows.shape[1] != width:
            raise BadData(f"The target has {rows.shape[1]} columns and the source {width}.")
        return rows, labels

    def _boost(self, rows: Floats, codes: NDArray[np.int64], weights: Floats, n: int) -> None:
        learner = self.estimator if self.estimator is not None else _logistic()
        if not has_fit_parameter(learner, "sample_weight"):
            raise BadInput(
                f"TrAdaBoost: {type(learner).__name__}.fit takes no sample_weight. Take one that does."
            )

        def learn(weights: Tensor) -> tuple[Any, Tensor]:
            fitted = clone(learner).fit(rows, codes, sample_weight=weights.numpy())
            return fitted, torch.from_numpy(fitted.predict(rows) != codes)

        found = tradaboost(learn, torch.from_numpy(weights), n, self.rounds)
        self.estimators_, self.errors_, self.first_ = found.learners, found.errors.numpy(), found.first
        self._votes = found.votes.tolist()
        last: Floats = found.weights.numpy()
        self.source_weights_, self.target_weights_ = last[:n], last[n:]


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)
