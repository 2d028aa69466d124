"""The parts of an item that can be left out: words of a text, columns of a table or of rows of numbers."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Schema
from headstart.data.tables import Table

WORD = re.compile(r"\s*\S+(?:\s+$)?")


def pieces_of(text: str) -> list[str]:
    """The words with the white space before them; joined, they are the text.

    >>> pieces_of(" a  fine film ")
    [' a', '  fine', ' film ']
    """
    return WORD.findall(text)


def column_names(schema: Schema | None, width: int) -> list[str]:
    """Names of the columns; of rows of numbers, their places."""
    return [f"column {number}" for number in range(width)] if schema is None else list(schema.names)


def columns_in(schema: Schema | None, width: int) -> list[list[int]]:
    """The places of each column among the `width` numbers of a row: a date or a text has several."""
    if schema is None:
        return [[place] for place in range(width)]
    places: dict[str, list[int]] = {name: [] for name in schema.names}
    for place, column in enumerate(schema.columns):
        places[column.name].append(place)
    return list(places.values())


def number_of(columns: Sequence[Sequence[int]], width: int) -> NDArray[np.int64]:
    """The number of the column at each of the `width` places of a row."""
    found = np.zeros(width, dtype=np.int64)
    for number, places in enumerate(columns):
        found[list(places)] = number
    return found


def column_values(items: Any, x: Tensor, names: Sequence[str], row: int) -> list[str]:
    """The cells of a row (width,) in words, in the order of the names."""
    if not isinstance(items, Table):
        return [f"{value:.4g}" for value in x.tolist()]
    cells = items.row(row)
    return [_said(cells.get(name)) for name in names]


def _said(cell: float | str | None) -> str:
    if cell is None:
        return "missing"
    return cell if isinstance(cell, str) else f"{cell:.6g}"
