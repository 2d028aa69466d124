"""Rows of a table that belong together, as a column of names tells: the same patient, country or shop."""

import numpy as np
from numpy.typing import NDArray

from headstart.face import spell

from .dataset import Dataset
from .finding import Finding, finding
from .samples import Rows
from .tables import Table

NAMES = 20  # different names from which new ones are likely to come
EACH = 3  # rows of a name on average, from which rows of one name are in training and test alike
ALIKE = 0.5  # intraclass correlation of the label from which a random split flatters


def about_repeated_names(data: Dataset, table: Table) -> list[Finding]:
    """A note on the column of names whose rows have labels most alike, where no groups or split are given.

    Where a name stands in training and test part, its rows are partly recognised, not predicted; how well
    new names are answered is then not measured.
    """
    if data.groups is not None or data.split is not None or data.label_kind == "tags":
        return []
    columns = []
    for place, name in enumerate(table.names):
        if name not in table.words or name in table.ids:
            continue
        rows = np.flatnonzero(~np.isnan(table.values[:, place]))
        _, codes = np.unique(table.values[rows, place], return_inverse=True)
        many = int(codes.max(initial=-1)) + 1
        if many >= NAMES and len(rows) >= EACH * many:
            columns.append((name, rows, codes, many))
    if not columns:
        return []
    labels = _labels(data)  # once for all columns
    alike, name, many, each = max(
        (intraclass_correlation(labels[rows], codes), name, many, len(rows) / many)
        for name, rows, codes, many in columns
    )
    if alike < ALIKE:
        return []
    text = (
        f"{name!r} has {many} names with {each:.3g} rows each on average, whose labels are alike (intraclass "
        f"correlation {alike:.2f}), and a name is in training and test part alike. Will the model be asked "
        f"for other names? Then measure that: {spell('group_column', name)} keeps the rows of each together."
    )
    return [finding("repeated-names", "note", text, [])]


def intraclass_correlation(labels: NDArray[np.float64], groups: Rows) -> float:
    """How much more alike labels of one group are than labels of two: 1 all equal, 0 as by chance.

    The one-way ICC(1) from the analysis of variance (Shrout and Fleiss, Psychological Bulletin 1979), with
    the mean size for groups of several sizes (Donner, International Statistical Review 1986); several columns
    share their sums of squares.

    Args:
        labels: (n, k) numbers.
        groups: (n,) from 0 on, each with a row at least; two or more.

    >>> intraclass_correlation(np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([0, 0, 1, 1]))
    1.0
    """
    sizes = np.bincount(groups)
    n, many = len(labels), len(sizes)
    if n <= many:
        return 0.0
    means = np.stack([np.bincount(groups, weights=one) for one in labels.T], axis=1) / sizes[:, None]
    between = float((sizes[:, None] * (means - labels.mean(0)) ** 2).sum()) / (many - 1)
    within = float(((labels - means[groups]) ** 2).sum()) / (n - many)
    size = (n - float((sizes**2).sum()) / n) / (many - 1)
    total = between + (size - 1) * within
    return (between - within) / total if total > 0 else 0.0


def _labels(data: Dataset) -> NDArray[np.float64]:
    """Numbers in units of their spread, or indicators of classes, (n, k)."""
    if data.label_kind == "classes":
        return np.eye(len(data.classes))[data.labels]
    spread = data.labels.std(0)
    return np.asarray(data.labels / np.where(spread > 0, spread, 1), dtype=np.float64)
