"""One column of a table: numbers or category names, with missing cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.core.schema import ColumnKind

from .naming import natural

MISSING = frozenset(["", "NA", "N/A", "n/a", "NaN", "nan", "<NA>", "NULL", "null", "NaT", "?"])
_NUMBER = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[iI]nf(inity)?)")

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """Parsed cells of a column.

    Attributes:
        kind: numbers or categories.
        values: (n,) numbers, or positions in `words`; NaN where missing.
        words: names of the categories, in natural order.
    """

    kind: ColumnKind
    values: Floats
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """The place of a column, for messages.

    Attributes:
        table: what the table is called.
        column: what the column is called.
        first: the number of the first row, 1 in files and 0 in arrays.
    """

    table: str
    column: str
    first: int = 0

    def at(self, row: int) -> str:
        """Name of the cell in a row (from 0), for messages."""
        return f"{self.table}: row {row + self.first}, column {self.column!r}"


def cells_of(values: Any, place: Place, kind: ColumnKind | None = None) -> Cells:
    """Parse a column of texts, numbers, or a mixture with None.

    Texts that are all numbers are numbers; where fewer than half are, all are names.

    Args:
        values: (n,).
        place: for messages.
        kind: the required kind; None infers it.

    Raises:
        BadData: infinity, a text among numbers, or another kind than required.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise BadData(f"{place.table}: the column {place.column!r} holds arrays; give one value a row.")
    if array.dtype.kind in "fiu":
        return _typed(array.astype(np.float64), place, kind)
    if array.dtype.kind == "O" and all(_is_number(value) for value in array):
        return _typed(np.array([_float(value) for value in array], dtype=np.float64), place, kind)
    return _texts([_text(value) for value in array.tolist()], place, kind)


def as_number(value: Any) -> float | None:
    """Parse a cell, text or not, as a number; NaN if missing, None if it is not a number."""
    if _is_number(value):
        return _float(value)
    if isinstance(value, bool | np.bool_):
        return None
    text = _text(value)
    if text in MISSING:
        return np.nan
    return float(text) if _NUMBER.fullmatch(text) else None


def coded(names: Sequence[str | None]) -> Cells:
    """Encode category names, with None where missing."""
    words = tuple(sorted({name for name in names if name is not None}, key=natural))
    code = {word: float(number) for number, word in enumerate(words)}
    values = [np.nan if name is None else code[name] for name in names]
    return Cells("categorical", np.array(values, dtype=np.float64), words)


def _typed(values: Floats, place: Place, kind: ColumnKind | None) -> Cells:
    """Parse numbers; as category names only if they are integers."""
    if kind == "categorical":
        there = values[~np.isnan(values)]
        if not np.array_equal(there, np.rint(there)):
            row = int(np.flatnonzero(values != np.rint(values))[0])
            raise BadData(
                f"{place.at(row)} is the number {values[row]:g}, but the model has learned names of "
                "categories there. Give the names."
            )
        return coded([None if np.isnan(value) else str(int(value)) for value in values])
    return _finite(values, place)


def _texts(texts: list[str], place: Place, kind: ColumnKind | None) -> Cells:
    missing = np.array([text in MISSING for text in texts], dtype=np.bool_)
    numeric = np.array([_NUMBER.fullmatch(text) is not None for text in texts], dtype=np.bool_)
    names = kind == "categorical" or (kind is None and 2 * numeric.sum() < (~missing).sum())
    if names:
        return coded([None if gone else text for text, gone in zip(texts, missing, strict=True)])
    wrong = np.flatnonzero(~missing & ~numeric)
    if len(wrong):
        row, more = int(wrong[0]), f", and so are {len(wrong) - 1} more" if len(wrong) > 1 else ""
        way = f", or say that the column holds names: categorical=[{place.column!r}]" if kind is None else ""
        raise BadData(
            f"{place.at(row)} is {texts[row]!r}, which is no number{more}. Correct it or leave the cell "
            f"empty{way}."
        )
    values = [float(text) if good else np.nan for text, good in zip(texts, numeric, strict=True)]
    return _finite(np.array(values, dtype=np.float64), place)


def _finite(values: Floats, place: Place) -> Cells:
    """Check that no number is infinite."""
    wrong = np.flatnonzero(np.isinf(values))
    if len(wrong):
        raise BadData(
            f"{place.at(int(wrong[0]))} is {values[wrong[0]]}; {len(wrong)} of {len(values)} cells are "
            "infinite there. Give finite numbers, or leave the cells empty."
        )
    return Cells("numeric", values)


def _is_number(value: Any) -> bool:
    return gone(value) or (
        isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    )


def gone(value: Any) -> bool:
    """Whether a non-text cell is missing: None, NaN, or pandas' missing values."""
    if value is None or str(value) in ("<NA>", "NaT"):
        return True
    return isinstance(value, float) and value != value


def _float(value: Any) -> float:
    return np.nan if gone(value) else float(value)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return "" if gone(value) else str(value).strip()
