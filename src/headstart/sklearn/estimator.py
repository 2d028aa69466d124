"""What all estimators share: a backbone, and how samples are taken."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data
from torch import nn

from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.data.samples import Texts
from headstart.data.tables import Table
from headstart.data.window import windowed
from headstart.models.backbone import AnyBackbone, backbone
from headstart.session.inputs import build_backbone, fit_to_data
from headstart.sklearn.raw_samples import channels_last, shape_of, unwrapped

from .kinds import table_of, takes, texts_of

Floats = NDArray[np.float64]


class Estimator(BaseEstimator):  # type: ignore[misc]
    """What all share: a backbone, and how samples are taken."""

    backbone: str | nn.Module | None
    weights: str | Path | None
    size: int | None
    batch: int

    def _samples(self, X: Any, *, reset: bool) -> Any:  # noqa: N803
        """Checked: columns of numbers as scikit-learn checks them, all else as it is."""
        given = self._others(X, reset)
        if given is None:
            return validate_data(self, X, dtype=np.float64, reset=reset)
        self._alike(given, reset)
        return given

    def _pairs(self, X: Any, y: Any, **checks: Any) -> tuple[Any, Any]:  # noqa: N803
        """Samples and labels for `fit`, the labels checked by scikit-learn if the samples are a table."""
        given = self._others(X, reset=True)
        if given is None:
            found: tuple[Any, Any] = validate_data(self, X, y, dtype=np.float64, reset=True, **checks)
            return found
        self._alike(given, reset=True)
        check_consistent_length(given, y)
        return given, y

    def _others(self, X: Any, reset: bool) -> Any:  # noqa: N803
        """Texts, a backbone's table, files and pictures, other arrays; None if it is columns of numbers."""
        if self.backbone is None:
            return None
        if reset:
            self._takes = takes(self.backbone, self.weights)
        if self._takes == "texts":
            return texts_of(X)
        if self._takes == "tables":
            if reset and hasattr(X, "shape"):
                validate_data(self, X, skip_check_array=True, reset=True)
            return table_of(X, None if reset else self._schema)
        X = channels_last(unwrapped(X))  # noqa: N806
        return X if isinstance(X, list) or X.ndim != 2 else None

    def _alike(self, X: Any, reset: bool) -> None:  # noqa: N803
        """Refuse samples of another shape than those of `fit`; files and pictures may be of any size."""
        shape = () if isinstance(X, Texts | Table) else shape_of(X)
        if reset:
            self._shape = shape
        elif shape != self._shape:
            raise BadInput(f"The samples have the shape {shape}, but those of fit had {self._shape}.")

    def _mapping(self, data: Dataset) -> AnyBackbone:
        """The backbone as it suits the samples; for None, what standardises a table is done before."""
        if data.is_texts or data.table is not None:
            weights = None if self.weights is None else str(self.weights)
            made = build_backbone(data, self.backbone or "", weights)
            self._schema = getattr(made, "schema", None)
        elif self.backbone is None or isinstance(self.backbone, nn.Module):
            given: nn.Module = nn.Identity() if self.backbone is None else self.backbone
            array = None if data.is_images else data.array
            like = None if array is None else torch.tensor(array[:2], dtype=torch.float32)
            made = backbone(given, example=None if isinstance(given, AnyBackbone) else like)
        else:
            made = backbone(self.backbone, weights=self.weights)
        return fit_to_data(made, windowed(data), self.size)

    def _standard(self, X: Any) -> Any:  # noqa: N803
        """Columns of mean 0 and variance 1 on the rows that it was fitted to, where there is no backbone."""
        return (X - self.mean_) / self.scale_ if self.backbone is None else X

    def _learn_standard(self, X: Any, weights: Floats | None = None) -> None:  # noqa: N803
        if self.backbone is None:
            self.mean_ = np.average(X, axis=0, weights=weights)
            spread = np.sqrt(np.average((X - self.mean_) ** 2, axis=0, weights=weights))
            self.scale_ = np.where(spread > 0, spread, 1.0)
