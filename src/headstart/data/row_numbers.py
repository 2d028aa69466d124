"""Columns that number or name the rows, such as IDs: another value in every row, which no new row repeats."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.face import spell

from .cells import Cells
from .text_columns import are_texts

TELLING = 20  # rows from which on a column of all-distinct values is uninformative
NAMED = 10  # the same for one that is called an ID
UNIQUE = 0.9  # least share of rows with another value in a column that is called an ID
DENSE = 2  # largest mean step of steadily rising row numbers of which some rows are gone

_WHOLE_NAMES = {
    *("id", "ids", "idx", "index", "row", "rows", "rownum", "rowid", "rownumber", "rownames", "rn", "level"),
    *("no", "nr", "num", "number", "serial", "record", "key", "oid", "pk", "uuid", "guid", "unnamed"),
}
_LAST_NAMES = {"id", "uuid", "guid", "idx", "rowid"}

Floats = NDArray[np.float64]


def row_numbers(columns: Mapping[str, Cells]) -> dict[str, str]:
    """Columns of row numbers, IDs or names that are different in every row, and why.

    Whole numbers, different in every row that has one, are row numbers if they rise or fall steadily (in
    equal steps, or with few left out), or if the column is called an ID or an index. Names are, if they are
    different in all rows that have one. Of numbers, half of the rows must have one. The only column of all is
    an input, unless it is called an ID.
    """
    found = {}
    for name, cells in columns.items():
        there = cells.values[~np.isnan(cells.values)]
        if cells.kind == "categorical":
            if len(there) == len(cells.words) and len(there) >= TELLING:
                found[name] = "it has another name in every row"
                if are_texts(cells.words, len(there)):
                    found[name] = f"it holds texts, for which there is {spell('text_column', name)}"
        elif len(columns) == 1 and not is_called_id(name):
            continue
        elif cells.kind == "numeric" and (why := _numbering(there, len(cells.values), name)):
            found[name] = why
    return found


class RowNumberWarning(UserWarning):
    """A column that numbers the rows was left out."""


def numbers_left_out(names: Sequence[str]) -> str:
    """That columns of numbers were left out as IDs, and how to keep them."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (
        f"{', '.join(map(repr, names[:5]))}{more}: row numbers or IDs, it seems. They say nothing of other "
        "rows and are left out, also where equal rows are looked for. If it is an amount, keep it: "
        f"{spell('keep', [names[0]])}."
    )


def is_unnamed(name: str) -> bool:
    """Whether a column has no name, or what pandas calls one without; it is that of row numbers as a rule."""
    return not name or name.startswith(("Unnamed: ", "__index_level_"))


def is_called_id(name: str) -> bool:
    """Whether a column is called an ID, an index or a row number.

    >>> is_called_id("PassengerId"), is_called_id("Unnamed: 0"), is_called_id("humid"), is_called_id("index")
    (True, True, False, True)
    """
    words = [word.casefold() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if not words:
        return False
    return (len(words) == 1 and words[0] in _WHOLE_NAMES) or words[-1] in _LAST_NAMES or _is_row(words)


def _is_row(words: Sequence[str]) -> bool:
    return words[0] in ("row", "record", "line") and words[-1] in ("number", "no", "nr", "index", "names")


def _numbering(values: Floats, rows: int, name: str) -> str:
    """Why the cells that hold something (n,), of so many rows, are no amounts; "" if they may be."""
    if (
        len(values) < NAMED
        or 2 * len(values) < rows
        or not (_are_whole(values[:1000]) and _are_whole(values))
    ):
        return ""
    if len(values) >= TELLING and _is_steady(np.diff(values)):
        return "it numbers the rows"
    if is_called_id(name) and (distinct := len(np.unique(values))) >= UNIQUE * len(values):
        every = "every row" if distinct == len(values) else f"{distinct} of {len(values)} rows"
        return f"it is called an ID, and is another whole number in {every}"
    return ""


def _are_whole(values: Floats) -> bool:
    return np.array_equal(values, np.rint(values))


def _is_steady(steps: Floats) -> bool:
    """Whether values rise or fall in every step, by the same amount or little at a time."""
    rises = (steps > 0).all() or (steps < 0).all()
    return bool(rises and ((steps == steps[0]).all() or np.abs(steps).mean() <= DENSE))
