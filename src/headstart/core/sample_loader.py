"""Where samples come from: what `data` offers, `run` records and `study` puts together."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


class SampleLoader(Protocol):
    """Samples by row and view."""

    @property
    def content(self) -> str:
        """Says all that the samples depend on: sources with the same one give the same tensors."""
        ...

    def fetch(self, rows: NDArray[np.int64], views: NDArray[np.int64]) -> Tensor:
        """Samples (n, ...) of (n,) rows; `views` (n,) numbers random views, -1 is the plain one."""
        ...
