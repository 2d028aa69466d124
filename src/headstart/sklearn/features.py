"""Samples become the features of a frozen backbone."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import nn

from headstart.models.fast import fast
from headstart.session.session import Session
from headstart.sklearn.raw_samples import dataset_of

from .estimator import Estimator, Floats


class Features(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Estimator):  # type: ignore[misc]
    """Samples become the features of a frozen backbone.

    Attributes:
        backbone: a name, a module of yours, or what `hs.models.backbone` gave; never changed. None takes
            tables and brings their columns to mean 0 and variance 1.
        weights: for a name, a local file or "random".
        size: height and width of pictures in pixels; None: the backbone's own.
        batch: samples that are computed together.
        backbone_: after `fit`, the one that is used; None for tables.
    """

    def __init__(
        self,
        backbone: str | nn.Module | None = None,
        *,
        weights: str | Path | None = None,
        size: int | None = None,
        batch: int = 64,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.size = size
        self.batch = batch

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Make the backbone, at the size that suits the samples; labels are not looked at."""
        X = self._samples(X, reset=True)  # noqa: N806
        self._learn_standard(X)
        self.backbone_ = None if self.backbone is None else self._mapping(dataset_of(X)).eval()
        self._n_features_out = X.shape[1] if self.backbone_ is None else self.backbone_.width
        return self

    def transform(self, X: Any) -> Floats:  # noqa: N803
        """Features (n, width) in float64."""
        check_is_fitted(self)
        X = self._samples(X, reset=False)  # noqa: N806
        if self.backbone_ is None:
            standard: Floats = self._standard(X)
            return standard
        session, encoder = Session(self.backbone_, dataset_of(X)), fast(self.backbone_)
        rows = np.arange(len(X))
        with torch.inference_mode():
            some = [
                encoder(session.samples(rows[at : at + self.batch])) for at in range(0, len(X), self.batch)
            ]
        found: Floats = torch.cat(some).double().numpy()
        return found
