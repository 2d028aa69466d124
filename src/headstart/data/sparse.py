"""Sparse matrices as dense arrays, where these are small enough; masked arrays, where nothing is masked."""

from typing import Any

import numpy as np

from headstart.core import BadData, BadInput

LARGEST = 2**30  # bytes of the dense array


def dense(values: Any, what: str) -> Any:
    """A sparse matrix of SciPy or torch as a dense array; anything else as it is.

    Raises:
        BadInput: the dense array would be too large.
        BadData: values of a masked array are masked.
    """
    if isinstance(values, np.ma.MaskedArray) and (mask := np.ma.getmaskarray(values)).any():
        row = int(np.flatnonzero(mask.reshape(len(mask), -1).any(1))[0])
        raise BadData(
            f"{mask.sum()} of {values.size} values of {what} are masked, the first in row {row}. Fill them "
            "in by filled(...), or leave these rows out."
        )
    is_torch = getattr(values, "is_sparse", False) or "sparse" in str(getattr(values, "layout", ""))
    if not is_torch and not (hasattr(values, "toarray") and hasattr(values, "nnz")):
        return values
    size = values.dtype.itemsize
    for length in values.shape:
        size *= length
    if size > LARGEST:
        shape = " x ".join(map(str, values.shape))
        raise BadInput(
            f"{what}: a sparse matrix of {shape} would take {size / 1e9:.1f} GB as an array, at most "
            f"{LARGEST / 1e9:.1f} GB are taken. Choose columns or rows, or reduce it first, such as by "
            "sklearn.decomposition.TruncatedSVD."
        )
    return values.to_dense() if is_torch else values.toarray()
