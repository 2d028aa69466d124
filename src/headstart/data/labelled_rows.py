"""Rows of a data set that have a label."""

import numpy as np

from headstart.core import BadData
from headstart.face import spell

from .dataset import Dataset
from .kind_of_target import labelled, unlabelled_stay


def with_labels(data: Dataset) -> Dataset:
    """The rows that have a label, or all within `keeping_unlabelled`; the findings name those without.

    Raises:
        BadData: a part of the split has no row with a label.
    """
    there = labelled(data.labels)
    if there.all() or unlabelled_stay():
        return data
    found = data.subset(np.flatnonzero(there))
    for part in sorted(set(data.split or ()) - set(found.split or ())):
        raise BadData(
            f"{data.name}: no {part} row of its split has a label. Leave {spell('split_column')} out, "
            "and predict those rows afterwards."
        )
    return found
