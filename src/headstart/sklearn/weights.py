"""Weights of rows and of classes, checked."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput
from headstart.data.samples import Texts
from headstart.data.tables import Table

from .estimator import Floats


def row_weights(given: Any, rows: int) -> Floats | None:
    """Weights (rows,) as float64; None for None.

    Raises:
        BadData: another number of them, one that is negative, NaN or infinite, or all are 0.
    """
    if given is None:
        return None
    try:
        weights: Floats = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadData(f"sample_weight is no array of numbers: {error}.") from error
    if weights.ndim == 0:
        weights = np.full(rows, float(weights))
    if weights.shape != (rows,):
        raise BadData(f"sample_weight has the shape {weights.shape}; give a number for each of {rows} rows.")
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise BadData(
            f"The sample_weight of row {wrong[0]} is {weights[wrong[0]]:g}; weights are finite numbers >= 0, "
            f"and those of {len(wrong)} of {rows} rows are not. Leave rows out whose weight is unknown."
        )
    if not weights.any():
        raise BadData(f"The sample_weight of all {rows} rows is zero, so there is nothing to learn from.")
    return weights


def with_class_weights(weights: Floats | None, classes: Any, y: NDArray[Any]) -> Floats | None:
    """Weights (n,) of rows times those of their classes y (n,).

    Args:
        weights: of the rows; None: 1.
        classes: "balanced": every class counts as much in all; weights by class, 1 for those that are not
            named; None: all 1.
        y: the class of each row.

    Raises:
        BadInput: `classes` is none of these, names a class without rows, or has a weight that is no finite
            number >= 0.
    """
    if classes is None:
        return weights
    own = np.ones(len(y)) if weights is None else weights
    names, codes = np.unique(y, return_inverse=True)
    if isinstance(classes, Mapping):
        return own * _named(classes, names.tolist())[codes]
    if not isinstance(classes, str) or classes != "balanced":
        raise BadInput(f"class_weight is {classes!r}; it must be 'balanced', a mapping by class or None.")
    totals = np.bincount(codes, own)
    each: Floats = own.sum() / np.maximum(totals, np.finfo(float).tiny) / np.count_nonzero(totals)
    return own * each[codes]


def _named(classes: Mapping[Any, Any], names: list[Any]) -> Floats:
    """The weight of each class (k,)."""
    for name, weight in classes.items():
        if name not in names:
            raise BadInput(f"class_weight names {name!r}, and y has {', '.join(map(repr, names[:10]))}.")
        if not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
            raise BadInput(f"class_weight of {name!r} is {weight!r}; it must be a finite number >= 0.")
    return np.array([float(classes.get(name, 1)) for name in names])


def taken(x: Any, rows: NDArray[np.int64]) -> Any:
    """The given rows of checked samples."""
    if isinstance(x, Texts | Table):
        return x.take(rows)
    return [x[row] for row in rows] if isinstance(x, list) else x[rows]


def differing(weights: Floats) -> Floats | None:
    """The weights; None if all are the same, as their scale does not matter."""
    return None if (weights == weights[0]).all() else weights
