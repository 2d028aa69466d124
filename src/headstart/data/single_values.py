"""A column of a table holds one value in each cell."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData

from .frames import objects

_NESTED = (list, tuple, set, frozenset, dict, np.ndarray)


def single_values(values: Any, column: str, at: Callable[[int], str]) -> NDArray[Any]:
    """Cells (n,) as an array.

    Args:
        values: (n,).
        column: what it is called, for messages.
        at: the place of a row (from 0), for messages.

    Raises:
        BadData: a cell holds a list, a mapping or an array, or the numbers are complex.
    """
    try:
        array = np.asarray(values)
    except ValueError:  # lists of different lengths
        array = objects(values)
    if array.ndim == 0:
        raise BadData(
            f"{column} holds one value, {values!r}, not one a row. Of a single row, give it as [row]."
        )
    if array.ndim != 1:
        raise BadData(f"{column} holds arrays; give one value a row.")
    if array.dtype.kind not in "biufMmOUS":
        raise BadData(f"{column} holds {array.dtype}; give real numbers, or texts.")
    if array.dtype.kind == "O" and any(issubclass(kind, _NESTED) for kind in set(map(type, array))):
        row = next(row for row, value in enumerate(array) if isinstance(value, _NESTED))
        raise BadData(
            f"{at(row)} holds a {type(array[row]).__name__}; a cell of a table is one value. Give a column "
            "for each value, or leave this one out."
        )
    return array
