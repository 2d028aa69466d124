"""Parse regression labels from columns of texts or numbers, finite or missing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.face import spell

from .cells import Place, as_number
from .columns import are_str
from .spellings import MISSING, is_separated, ungrouped, without_separators

LARGEST = float(np.finfo(np.float32).max)

Floats = NDArray[np.float64]


def without_groups(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns (n,) whose numbers all are plain or have commas of thousands, without these commas."""
    found = {}
    for name, values in columns.items():
        texts = [value.strip() if isinstance(value, str) else "" for value in values]
        plain = ungrouped([text for text in texts if text not in MISSING])
        if plain and all(isinstance(value, str) or value is None for value in values):
            numbers = iter(plain)
            found[name] = [None if text in MISSING else next(numbers) for text in texts]
    return found


def in_columns(columns: Mapping[str, Any], what: str, first: int = 0) -> Floats:
    """Parse columns of labels into float64 (n, columns), NaN where missing.

    Raises:
        BadData: a cell is neither missing nor a finite number; the text names row, column and value.
    """
    found = [_column(values, Place(what, name, first)) for name, values in columns.items()]
    return np.stack(found, axis=1)


def have_fractions(columns: Mapping[str, Any]) -> bool:
    """Whether all non-missing cells are numbers, some of them not integers."""
    fractions = False
    for values in columns.values():
        if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
            there = values[np.isfinite(values)]
            fractions = fractions or not np.array_equal(there, np.rint(there))
            continue
        cells = list(values)
        for value in dict.fromkeys(cells) if are_str(cells) else cells:  # each text once
            number = as_number(value)
            if number is None:
                return False
            fractions = fractions or (np.isfinite(number) and number != np.rint(number))
    return bool(fractions)


def _column(values: Any, place: Place) -> Floats:
    found: Floats = np.empty(len(values), dtype=np.float64)
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
        found[:] = values
        if not (np.abs(found) > LARGEST).any():
            return found
    for row, value in enumerate(values):
        number = as_number(value)
        if number is None or abs(number) > LARGEST:
            raise BadData(f"{place.at(row)} {_wrong(value, number)} Correct it, or leave the row out.")
        found[row] = number
    return found


def _wrong(value: Any, number: float | None) -> str:
    if number is None:
        shown = value.item() if isinstance(value, np.generic) else value
        if isinstance(shown, str) and is_separated(shown):
            return (
                f"is {shown!r}, which has a separator of thousands or a decimal comma: write "
                f"{without_separators(shown)}."
            )
        return f"is {shown!r}, which is no number; for classes say {spell('task', 'classification')}."
    return f"is {number:g}; it must be finite, at most {LARGEST:.1g} in size."
