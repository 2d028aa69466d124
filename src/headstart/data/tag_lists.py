"""Lists in a label column: tags by name or number, or a row of 0 and 1, also as texts in a CSV file."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData

from .cells import as_number
from .columns import brief, gone_cell

LISTS = (list, tuple, set, frozenset, np.ndarray)
_WRITTEN = re.compile(
    r"""\[.*\]|\((?:['"].*)?\)|\{['"][^:]*\}|set\(\)""", re.DOTALL
)  # a list, tuple or set of texts, as Python writes it
_ITEM = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s,'"\[\]]+)""")


def lists_in(values: Any) -> list[list[Any]] | None:
    """The rows of a column in which every cell is a list, or a text such as "['a', 'b']"; else None.

    >>> lists_in(["['a', 'b']", "[]", '["c"]', "['a' 'b']", "('c',)", "{'a'}"])
    [['a', 'b'], [], ['c'], ['a', 'b'], ['c'], ['a']]
    """
    cells = list(values)
    if not cells:
        return None
    if isinstance(cells[0], str):
        written = all(isinstance(cell, str) and _WRITTEN.fullmatch(cell.strip()) for cell in cells)
        return [_parsed(cell.strip()) for cell in cells] if written else None
    return [_items(cell) for cell in cells] if all(isinstance(cell, LISTS) for cell in cells) else None


def row_without_list(values: Any) -> int | None:
    """The first row without a list in a column that has lists; None if there are none, or texts."""
    cells = list(values)
    if not cells or isinstance(cells[0], str) or not any(isinstance(cell, LISTS) for cell in cells):
        return None
    return next((row for row, cell in enumerate(cells) if not isinstance(cell, LISTS)), None)


def as_matrix(rows: Sequence[Sequence[Any]]) -> NDArray[Any] | None:
    """Lists (n, k) of 0 and 1, of truth values or of fractions, k >= 2, as a matrix; None if they are not."""
    widths = {len(row) for row in rows}
    if len(widths) != 1 or min(widths) < 2:
        return None
    kinds = (int, float, bool, np.integer, np.floating, np.bool_)
    if not all(isinstance(one, kinds) for row in rows for one in row):
        return None
    matrix = np.asarray(rows)
    flags = matrix.dtype.kind in "biu" and np.isin(matrix, (0, 1)).all()
    return matrix if flags or matrix.dtype.kind == "f" else None


def tag_names(rows: Sequence[Sequence[Any]], what: str, first: int) -> list[list[str]]:
    """The tags of each row as texts.

    Raises:
        BadData: a tag is missing, or a list itself.
    """
    for row, tags in enumerate(rows, first):
        for tag in tags:
            if gone_cell(tag) or isinstance(tag, (*LISTS, dict, bytes)):
                raise BadData(f"{what}: row {row} has the tag {brief(tag)}, which is no name. Correct it.")
    return [[str(tag) for tag in tags] for tags in rows]


def _items(cell: Any) -> list[Any]:
    return cell.tolist() if isinstance(cell, np.ndarray) else list(cell)


def _parsed(text: str) -> list[Any]:
    """The items of a list that is written as Python, NumPy or JSON writes it; bare numbers as numbers."""
    return [] if text == "set()" else [_item(match) for match in _ITEM.finditer(text[1:-1])]


def _item(match: re.Match[str]) -> Any:
    bare = match[3]
    if bare is None:
        return re.sub(r"\\(.)", r"\1", match[1] or match[2] or "")
    number = as_number(bare)
    if number is None:
        return bare
    return int(bare) if re.fullmatch(r"[+-]?[0-9]+", bare) else number
