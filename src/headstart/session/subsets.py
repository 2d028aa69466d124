"""Subsets of labelled rows: so many of each class, or of rows with tags or numbers so many in all."""

import numpy as np
from numpy.typing import NDArray

from headstart.data.dataset import Dataset

ROWS = 10  # with tags or numbers stand for a row of each class in sizes that nobody has named

Rows = NDArray[np.int64]


def strata_for_subsets(data: Dataset) -> Rows:
    """(n,) the class of each row; rows with tags or numbers are all of one kind."""
    labels: Rows = data.labels if data.label_kind == "classes" else np.zeros(len(data), np.int64)
    return labels


def n_strata(data: Dataset) -> int:
    """How many rows a size of 1 takes."""
    return len(data.classes) if data.label_kind == "classes" else 1


def default_sizes(sizes: tuple[int, ...], data: Dataset) -> tuple[int, ...]:
    """Sizes for classes as they suit the data."""
    return sizes if data.label_kind == "classes" else tuple(ROWS * size for size in sizes)
