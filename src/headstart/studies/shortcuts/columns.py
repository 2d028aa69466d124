"""Columns that are shuffled over all rows, and among the rows of a class."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.core import Unknown, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.samples import Array, Rows
from headstart.studies.shortcuts.asked import Asked, Before
from headstart.studies.shortcuts.record import Change

MOST = 30  # columns that are shuffled where none is named
WAYS = {
    "column": ("all other columns", "what the column says of the row"),
    "column within classes": ("how the column goes with the class", "what else it says of the row"),
}


def names_of(data: Dataset) -> tuple[str, ...]:
    """The columns of a table, or of rows of numbers (n, d); () of other samples."""
    if data.table is not None:
        return data.table.names
    if data.array is not None and data.kind == "numbers" and data.array.ndim == 2:
        return tuple(f"column {place}" for place in range(data.array.shape[1]))
    return ()


def chosen(data: Dataset, wanted: Sequence[str]) -> tuple[str, ...]:
    """The columns to shuffle.

    Raises:
        Unknown: a wanted column is not there; near names are told.
    """
    known = names_of(data)
    for name in wanted:
        if name not in known:
            raise Unknown("column", name, known)
    return tuple(dict.fromkeys(wanted)) or known[:MOST]


def column_changes(asked: Asked, before: Before, wanted: Sequence[str], rounds: int) -> Iterator[Change]:
    """Each column shuffled in two ways, `rounds` times each."""
    for name in chosen(before.data, wanted):
        place = names_of(before.data).index(name)
        for kind, words in WAYS.items():
            told = []
            for number in range(rounds):
                draw = np.random.default_rng(derive_seed(before.seed, kind, name, number))
                order = (_over if kind == "column" else _within)(draw, before.data.labels)
                told.append(asked.tell(_shuffled(before.data, place, order)))
            yield before.change(np.concatenate(told), name, kind, *words)


def _over(draw: np.random.Generator, labels: Rows) -> Rows:
    return draw.permutation(len(labels))


def _within(draw: np.random.Generator, labels: Rows) -> Rows:
    """An order in which every row is replaced by one of its class."""
    found: Rows = np.arange(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        found[rows] = draw.permutation(rows)
    return found


def _shuffled(data: Dataset, place: int, order: Rows) -> Dataset:
    """The data with one column in another order."""

    def mixed(values: NDArray[np.generic]) -> NDArray[np.generic]:
        new = np.array(values)
        new[:, place] = values[order, place]
        return new

    if data.table is not None:
        return replace(data, samples=replace(data.table, values=mixed(data.table.values)))
    assert data.array is not None
    return replace(data, samples=Array(mixed(data.array), are_images=False))
