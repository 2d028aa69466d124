"""Transformers that bring the columns of one domain to those of another, without labels."""

from typing import Any, Self

import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, OneToOneFeatureMixin, TransformerMixin
from torch import Tensor

from headstart.core import BadInput
from headstart.solvers.alignment import coral, subspace_alignment
from headstart.solvers.transport import barycentric_map, sinkhorn, squared_distances

from .domains import Aligner
from .estimator import Floats

BLOCK = 2**22  # distances held at once


class CORAL(OneToOneFeatureMixin, TransformerMixin, Aligner):  # type: ignore[misc]
    """Gives the source the mean and the covariance of the target (arXiv:1511.05547).

    The source is moved. A model that is fitted to moved rows takes rows of the target as they are.

    Attributes:
        shrinkage: share in [0, 1] of each covariance that is the mean of its diagonal; 0 matches the target
            exactly, and needs a source that varies along all axes.
        coef_: after `fit`, (columns, columns): x becomes x @ coef_.T + intercept_.
        intercept_: after `fit`, (columns,).
    """

    def __init__(self, shrinkage: float = 0.01) -> None:
        self.shrinkage = shrinkage

    def fit(self, X: Any, y: Any = None, *, target: Any = None) -> Self:  # noqa: N803
        """Learn from rows X (n, columns) of the source and `target` (m, columns); labels are not looked at.

        Raises:
            BadInput: there is no target, or the shrinkage does not suit.
            BadData: the target is no table of finite numbers with the source's columns and two rows.
        """
        X, target = self._pair(X, target)  # noqa: N806
        self._map = coral(torch.tensor(X), torch.tensor(target), self.shrinkage)
        self.coef_, self.intercept_ = (values.numpy() for values in self._map)
        return self

    def _moved(self, X: Tensor) -> Tensor:  # noqa: N803
        return self._map(X)


class SubspaceAlignment(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Aligner):  # type: ignore[misc]
    """Turns the principal axes of the source to those of the target (doi:10.1109/ICCV.2013.368).

    Both are moved: `transform` takes rows of the source, `transform_target` rows of the target.

    Attributes:
        size: axes that are kept, >= 1; None keeps all along which both domains vary.
        source_coef_: after `fit`, (size, columns), of the source; `source_intercept_` (size,).
        target_coef_: after `fit`, likewise, of the target; `target_intercept_` (size,).
    """

    def __init__(self, size: int | None = None) -> None:
        self.size = size

    def fit(self, X: Any, y: Any = None, *, target: Any = None) -> Self:  # noqa: N803
        """Learn from rows X (n, columns) of the source and `target` (m, columns); labels are not looked at.

        Raises:
            BadInput: there is no target, or `size` is more than the axes along which both domains vary.
            BadData: the target is no table of finite numbers with the source's columns and two rows.
        """
        X, target = self._pair(X, target)  # noqa: N806
        one, other = torch.tensor(X), torch.tensor(target)
        size = min(rank_of(one), rank_of(other)) if self.size is None else self.size
        self._source, self._target = subspace_alignment(one, other, size)
        self.source_coef_, self.source_intercept_ = (values.numpy() for values in self._source)
        self.target_coef_, self.target_intercept_ = (values.numpy() for values in self._target)
        self._n_features_out = size
        return self

    def transform_target(self, X: Any) -> Floats:  # noqa: N803
        """Rows of the target (n, columns) along its own axes, (n, size)."""
        found: Floats = self._target(torch.tensor(super().transform_target(X))).numpy()
        return found

    def _moved(self, X: Tensor) -> Tensor:  # noqa: N803
        return self._source(X)


class OptimalTransport(OneToOneFeatureMixin, TransformerMixin, Aligner):  # type: ignore[misc]
    """Moves each source row to the mean of the target rows that it is transported to (arXiv:1507.00504).

    The source is moved. The plan is that of least squared distance, made smooth by an entropy. Rows that
    were not in `fit` go along with the nearest row that was. A model that is fitted to moved rows takes rows
    of the target as they are. Memory for all pairs of rows is needed.

    Attributes:
        epsilon: of the entropy, > 0, in shares of the mean squared distance between rows of both domains; the
            smaller, the nearer to one target row a source row goes, and the longer it takes.
        max_iter: steps at most.
        plan_: after `fit`, (n, m): how much of each source row goes to each target row; the sum is 1.
        cost_: after `fit`, the mean squared distance along the plan.
    """

    def __init__(self, epsilon: float = 0.05, max_iter: int = 10_000) -> None:
        self.epsilon = epsilon
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any = None, *, target: Any = None) -> Self:  # noqa: N803
        """Learn from rows X (n, columns) of the source and `target` (m, columns); labels are not looked at.

        Raises:
            BadInput: there is no target, `epsilon` is not > 0, or `max_iter` steps are too few.
            BadData: the target is no table of finite numbers with the source's columns.
        """
        X, target = self._pair(X, target, least=1)  # noqa: N806
        if not 0 < self.epsilon < float("inf"):
            raise BadInput(f"OptimalTransport: epsilon is {self.epsilon!r}; it must be a finite number > 0.")
        self._rows, onto = torch.tensor(X), torch.tensor(target)
        cost = squared_distances(self._rows, onto)
        found = sinkhorn(cost, self.epsilon * (float(cost.mean()) or 1.0), steps=self.max_iter)
        self.plan_, self.cost_ = found.plan.numpy(), found.cost
        self._shifts = barycentric_map(found.plan, onto) - self._rows
        return self

    def _moved(self, X: Tensor) -> Tensor:  # noqa: N803
        size = max(1, BLOCK // len(self._rows))
        parts = torch.tensor_split(X, tuple(range(size, len(X), size)))
        near = [squared_distances(some, self._rows).argmin(1) for some in parts]
        return X + self._shifts[torch.cat(near)]


def rank_of(x: Tensor) -> int:
    """Along how many axes rows (n, d) vary."""
    values = torch.linalg.svdvals(x - x.mean(0))
    return max(1, int((values.square() > 1e-10 * values[0].square()).sum()))
