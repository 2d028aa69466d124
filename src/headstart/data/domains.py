"""A labelled source and an unlabelled target domain, without access to the target's labels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, final

import numpy as np

from headstart.core import BadData, BadInput
from headstart.face import spell

from .dataset import Dataset
from .load import load
from .pooled import Given, load_each, pool
from .unlabelled import load_unlabelled


@final
class Domains:
    """Labelled rows of one domain, and rows of another whose labels are unknown.

    With `target_labelled` it is semi-supervised: those target rows are training data as well.

    Attributes:
        source: labelled.
        target: rows of the target domain; all have one placeholder class.
        target_labelled: labelled target rows for training, with the source's classes; None: none.
    """

    source: Dataset
    target: Dataset
    target_labelled: Dataset | None

    def __init__(
        self,
        source: Given | Sequence[Given],
        target: Any,
        target_labelled: Given | None = None,
        *,
        overlap: bool = False,
    ) -> None:
        """Load two domains.

        Args:
            source: any source of `load`, a loaded dataset, or a list of several such domains, which are
                pooled; see `headstart.data.pooled`.
            target: any source of `load_unlabelled`. Labels in it, such as the names of class
                folders, are dropped here; a pair (x, y) is refused.
            target_labelled: like `source`, of rows of the target.
            overlap: leave out labelled target rows whose class the source lacks, instead of refusing them.

        Raises:
            BadInput: the target is a pair (x, y).
            BadData: rows of another kind, shape or columns than the source's, no or one row of the target, or
                labels in `target_labelled` that the source lacks; the text names them.
        """
        if isinstance(target, tuple):
            raise BadInput(
                "The target is a pair, as if it had labels, which nobody may learn from. Give x alone; "
                "labels to learn from go to target_labelled=(x, y), and labels to report on to hs.align."
            )
        self.source = pool(load_each(source))
        self.target = load_unlabelled(target, self.source)
        if target_labelled is not None and not isinstance(target_labelled, Dataset):
            target_labelled = load(target_labelled)
        known = None if target_labelled is None else of_same_labels(target_labelled, self.source, overlap)
        self.target_labelled = known


def of_same_labels(rows: Dataset, source: Dataset, overlap: bool = False) -> Dataset:
    """Labelled rows with labels in the encoding of a source: its classes, tags or columns, in its order.

    Args:
        rows: of another domain.
        source: has the labels.
        overlap: leave out rows whose class the source lacks.

    Raises:
        BadData: labels that the source lacks, which the text names, or none in common.
    """
    mine, other = rows.name, source.name
    if mine == other:  # as of two pairs of arrays
        mine, other = f"{mine} (target)", f"{other} (source)"
    if rows.label_kind != source.label_kind:
        raise BadData(
            f"{mine} has {rows.label_kind} as labels, {other} {source.label_kind}. Give both the same kind."
        )
    new = sorted(set(rows.classes) - set(source.classes))
    missing = sorted(set(source.classes) - set(rows.classes))
    if source.label_kind != "classes" and (new or missing):
        raise BadData(
            f"{mine} and {other} have other {source.label_kind}: {_named(new or missing)} is only "
            f"in {mine if new else other}. Give both the same columns."
        )
    if len(new) == len(rows.classes):
        raise BadData(
            f"{mine} and {other} have no class in common: {_named(new)} against "
            f"{_named(source.classes)}. Call the same things by the same names."
        )
    if new and not overlap:
        raise BadData(
            f"{mine} has classes that {other} has not: {_named(new)}. Call the same things by the "
            f"same names, or leave such rows out: {spell('overlap', True)}."
        )
    return _told(rows, source)


def _told(rows: Dataset, source: Dataset) -> Dataset:
    if source.label_kind != "classes":
        order = [rows.classes.index(name) for name in source.classes]
        return replace(rows, classes=source.classes, labels=rows.labels[:, order])
    places = np.array(
        [source.classes.index(name) if name in source.classes else -1 for name in rows.classes],
        dtype=np.int64,
    )[rows.labels]
    kept = np.flatnonzero(places >= 0)
    return replace(rows.subset(kept), classes=source.classes, labels=places[kept])


def _named(names: Any) -> str:
    shown = ", ".join(repr(name) for name in list(names)[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
