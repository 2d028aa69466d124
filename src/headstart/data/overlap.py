"""Rows that two data sets have in common, exactly or nearly."""

from typing import Any

import numpy as np

from headstart.data.parallel import parallel_map

from .dataset import Dataset
from .near_duplicates import Pair
from .samples import Rows


def copies(source: Dataset, target: Dataset) -> tuple[list[Pair], list[Pair]]:
    """Find exact and near duplicates between domains, as pairs (source row, target row).

    Near duplicates are pictures of another size, compression or brightness, and texts with other spaces, case
    or punctuation. At most one exact copy is listed per source row, but possibly several near ones.

    Args:
        source: of readable rows.
        target: of readable rows of the same kind.
    """
    known = {digest: row for row, digest in reversed(list(enumerate(target.digests)))}
    exact = [(row, known[digest]) for row, digest in enumerate(source.digests) if digest in known]
    found = {row for row, _ in exact}
    return exact, [pair for pair in _near(source, target) if pair[0] not in found]


def rows_without_copies(rows: Dataset, others: Dataset) -> Rows:
    """Indices of the rows of which `others` has no exact or near duplicate."""
    exact, near = copies(rows, others)
    return np.setdiff1d(np.arange(len(rows)), [row for row, _ in (*exact, *near)])


def _near(source: Dataset, target: Dataset) -> list[Pair]:
    first = len(target)
    glances = [*_glances(target), *_glances(source)]
    pairs = source.modality.near_duplicates(glances)
    return [(j - first, i) for i, j in pairs if i < first <= j]


def _glances(data: Dataset) -> list[Any]:
    return parallel_map(lambda row: data.modality.glance(data.shown(row), data.items[row]), range(len(data)))
