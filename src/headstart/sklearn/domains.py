"""What the estimators that are given two domains share: rows of the source, and rows of the target."""

from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from headstart.core import BadData, BadInput

from .estimator import Floats


class TwoDomains(BaseEstimator):  # type: ignore[misc]
    """Takes tables of the source, and in `fit` one of the target."""

    def _pair(self, X: Any, target: Any, least: int = 2) -> tuple[Floats, Floats]:  # noqa: N803
        """Both as float64, with `least` rows or more.

        Raises:
            BadInput: there is no target.
            BadData: it is no table of finite numbers, of the source's width, with enough rows.
        """
        if target is None:
            raise BadInput(f"{type(self).__name__} needs rows of the target: fit(X_source, target=X_target).")
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=least)  # noqa: N806
        return X, self._of_target(target, X.shape[1], least)

    def _of_target(self, given: Any, width: int, least: int = 1) -> Floats:
        try:
            found: Floats = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise BadData(f"The target is no table of numbers: {error}.") from error
        if found.ndim != 2 or found.shape[1] != width:
            raise BadData(
                f"The target has the shape {found.shape} and the source {width} columns; "
                f"give rows (m, {width})."
            )
        bad = int((~np.isfinite(found)).any(1).sum())
        if bad:
            raise BadData(
                f"{bad} of {len(found)} rows of the target hold NaN or infinity; fill or drop them."
            )
        if len(found) < least:
            rows = "1 row" if len(found) == 1 else f"{len(found)} rows"
            raise BadData(f"The target has {rows}; {type(self).__name__} needs {least} or more.")
        return found


class Aligner(TwoDomains):
    """Brings rows of the source to where those of the target are, or both to one place."""

    def transform(self, X: Any) -> Floats:  # noqa: N803
        """Rows of the source (n, columns), moved; float64."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)  # noqa: N806
        found: Floats = self._moved(torch.tensor(X)).numpy()
        return found

    def transform_target(self, X: Any) -> Floats:  # noqa: N803
        """Rows of the target (n, columns) as they go with the moved source: as they are, unless both move."""
        check_is_fitted(self)
        return self._of_target(X, self.n_features_in_)

    def _moved(self, X: Tensor) -> Tensor:  # noqa: N803
        raise NotImplementedError
