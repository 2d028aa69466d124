"""Validation of features and labels for representation scores; converted to float64."""

from typing import Any

import numpy as np
import torch

from headstart.core import BadData
from headstart.metrics.scored_outputs import Floats, Ints


def array(values: Any) -> Any:
    """Convert an array, or a tensor on any device, to NumPy."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        return (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    return np.asarray(values)


def matrix(values: Any, what: str = "Features") -> Floats:
    """Validate `values` (n, d), n and d >= 1, and convert them to float64.

    Raises:
        BadData: they are not numbers (n, d), or hold NaN or infinity.
    """
    found = array(values)
    if found.ndim != 2 or not found.size or found.dtype.kind not in "fiub":
        raise BadData(f"{what} must be numbers (rows, width), not {found.dtype} {found.shape}.")
    wide: Floats = found.astype(np.float64)
    good = np.isfinite(wide).all(1)
    if not good.all():
        raise BadData(
            f"{(~good).sum()} of {len(wide)} rows of {what.lower()} hold NaN or infinity; drop them."
        )
    return wide


def shares(values: Any, what: str = "Source probabilities") -> Floats:
    """Validate `values` (n, z), each row a distribution, and convert them to float64.

    Raises:
        BadData: a row is not >= 0 with a sum of 1 (to 1e-3).
    """
    found = matrix(values, what)
    if not (found >= 0).all() or not np.allclose(found.sum(1), 1, atol=1e-3, rtol=0):
        raise BadData(f"Each row of {what.lower()} must be >= 0 and sum to 1; take a softmax first.")
    return found


def numbered(labels: Any, rows: int, what: str = "Labels") -> Ints:
    """Renumber `labels` (n,) to [0, k), k the number of distinct labels.

    Raises:
        BadData: they are not integers, one for each of `rows` rows.
    """
    found = array(labels)
    if found.shape != (rows,) or found.dtype.kind not in "iub":
        raise BadData(f"{what} must be ints ({rows},), not {found.dtype} {found.shape}.")
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def one_hot(labels: Ints) -> Floats:
    """One-hot encoding (n, k) of the labels."""
    return np.equal(labels[:, None], np.arange(labels.max() + 1)).astype(np.float64)
