"""Interface of sample loaders: implemented in `data`, cached in `run`, composed in `session`."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


class SampleLoader(Protocol):
    """Loads samples by row and view."""

    @property
    def content(self) -> str:
        """Identifies the content: loaders with the same one give the same tensors."""
        ...

    def fetch(self, rows: NDArray[np.int64], views: NDArray[np.int64]) -> Tensor:
        """Samples (n, ...) of (n,) rows; `views` (n,) numbers random views, -1 is the plain one."""
        ...
