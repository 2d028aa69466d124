"""Features and labels as every score of a representation takes them: checked once, in float64."""

from typing import Any

import numpy as np
import torch

from headstart.core import BadData
from headstart.metrics.scored_outputs import Floats, Ints


def array(values: Any) -> Any:
    """A NumPy array of what may be a tensor on any device."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        return (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    return np.asarray(values)


def matrix(values: Any, what: str = "Features") -> Floats:
    """`values` (n, d) in float64, n and d >= 1.

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
    """`values` (n, z) in float64, each row a distribution.

    Raises:
        BadData: a row is not >= 0 with a sum of 1 (to 1e-3).
    """
    found = matrix(values, what)
    if not (found >= 0).all() or not np.allclose(found.sum(1), 1, atol=1e-3, rtol=0):
        raise BadData(f"Each row of {what.lower()} must be >= 0 and sum to 1; take a softmax first.")
    return found


def numbered(labels: Any, rows: int, what: str = "Labels") -> Ints:
    """`labels` (n,) as numbers in [0, k) of the k that occur.

    Raises:
        BadData: they are not whole numbers, one for each of `rows` rows.
    """
    found = array(labels)
    if found.shape != (rows,) or found.dtype.kind not in "iub":
        raise BadData(f"{what} must be ints ({rows},), not {found.dtype} {found.shape}.")
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def one_hot(labels: Ints) -> Floats:
    """(n, k) with a 1 in the column of the label."""
    return np.equal(labels[:, None], np.arange(labels.max() + 1)).astype(np.float64)
