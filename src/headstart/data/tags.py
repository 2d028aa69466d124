"""Parse tags: several in a cell, lists of them, or a column of 0 and 1 for each."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.face import spell

from .cells import Place
from .naming import natural, too_few

BETWEEN = re.compile(r"[;|]")
YES_NO = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}

Tags = tuple[tuple[str, ...], NDArray[np.bool_]]


def in_cells(cells: Sequence[str], what: str) -> Tags:
    """Parse cells of tags separated by ";" or "|"; an empty cell has none.

    >>> in_cells(["red; round", "", "red"], "fruit")[0]
    ('red', 'round')
    """
    return in_lists([[tag.strip() for tag in BETWEEN.split(cell)] for cell in cells], what)


def in_lists(rows: Iterable[Iterable[str]], what: str) -> Tags:
    """Encode lists of tags: all names in natural order, and indicators bool (n, tags).

    Raises:
        BadData: there are fewer than two tags.
    """
    found = [{str(tag) for tag in row if str(tag)} for row in rows]
    names = tuple(sorted(set().union(*found), key=natural))
    _refuse_one(names, what)
    place = {name: number for number, name in enumerate(names)}
    labels: NDArray[np.bool_] = np.zeros((len(found), len(names)), dtype=np.bool_)
    for row, tags in enumerate(found):
        labels[row, [place[tag] for tag in tags]] = True
    return names, labels


def in_columns(columns: Mapping[str, Any], what: str, first: int = 0) -> Tags:
    """Parse indicator columns of 0 and 1, or of true and false, one for each tag.

    Raises:
        BadData: there is one column, or a cell holds anything else; the text names row, column and value.
    """
    _refuse_one(tuple(columns), what)
    return tuple(columns), np.stack(
        [_column(values, Place(what, name, first)) for name, values in columns.items()], axis=1
    )


def in_matrix(labels: NDArray[Any], names: tuple[str, ...], what: str) -> Tags:
    """Parse an indicator matrix (n, tags) of 0 and 1; see `in_columns`."""
    return in_columns(dict(zip(names, labels.T, strict=True)), what)


def are_flags(labels: NDArray[Any]) -> bool:
    """Whether an array is boolean, or of integers that are all 0 or 1."""
    return labels.dtype.kind == "b" or (labels.dtype.kind in "iu" and bool(np.isin(labels, (0, 1)).all()))


def _column(values: Any, place: Place) -> NDArray[np.bool_]:
    known = [YES_NO.get(str(value).strip().casefold()) for value in values]
    if None in known:
        row = known.index(None)
        value = values[row]
        shown = repr(value.item() if isinstance(value, np.generic) else value)
        raise BadData(
            f"{place.at(row)} is {shown}; a column of a tag holds 1 where a row has it and 0 where it has "
            f"not. Correct it, or say {spell('task', 'regression')} if it holds numbers."
        )
    return np.array(known, dtype=np.bool_)


def _refuse_one(names: tuple[str, ...], what: str) -> None:
    if too_few(names):
        only = f"only one tag, {names[0]!r}" if names else "no tag in any row"
        raise BadData(
            f"{what} has {only}. To tell rows with a tag from those without it, give them two classes: "
            f"{spell('task', 'classification')}."
        )
