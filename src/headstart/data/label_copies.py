"""Columns of a table that say the label itself."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset
from .finding import Finding, finding
from .tables import Table

FEWEST = 20  # rows from which a column that agrees with the label in all of them is no chance
LOOK = 1000  # rows that show of most columns that they are none

WHAT = {"classes": "another value for each class", "numbers": "the number that is learned"}


def about_label_copies(data: Dataset, table: Table) -> Iterator[Finding]:
    """On columns with another value for each class, or with the number that is learned, in every row."""
    if len(data) < FEWEST or data.label_kind not in WHAT:
        return
    for name in (name for place, name in enumerate(table.names) if _copies(table.values[:, place], data)):
        text = (
            f"{name!r} has {WHAT[data.label_kind]}, in every row. If it copies the label, or is known only "
            "with it, leave it out: the scores would be too good."
        )
        yield finding("says-the-label", "warning", text, [name])


def _copies(values: NDArray[Any], data: Dataset) -> bool:
    if np.isnan(values).any():
        return False
    if data.label_kind == "numbers":
        return any(np.array_equal(values, column) for column in np.asarray(data.labels).T)
    if len(np.unique(values[:LOOK])) > len(data.classes):
        return False
    distinct, codes = np.unique(values, return_inverse=True)
    pairs = np.unique(codes * len(data.classes) + data.labels)
    return len(pairs) == len(distinct) == len(data.classes)
