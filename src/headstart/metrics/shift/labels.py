"""Estimation of label shift from unlabelled target rows."""

from typing import Any, NamedTuple

import numpy as np

from headstart.core import BadData, BadInput
from headstart.metrics._validation import array
from headstart.metrics.scored_outputs import Floats, Ints

SINGULAR = 1e-6  # of the largest singular value


class LabelShift(NamedTuple):
    """Estimated class shares of the target."""

    shares: Floats  # (k,) of each class in the target, >= 0, sum 1
    weights: Floats  # (k,) that share over the class's share in the source, >= 0
    confusion: Floats  # (k, k) P(prediction i, label j) in the source
    condition: float  # of the confusion, >= 1: bound on the amplification of errors


def label_shift(source_answers: Any, source_labels: Any, target_answers: Any, classes: int) -> LabelShift:
    """Black box shift estimation (Lipton et al. 2018, arXiv:1802.03916).

    If p(x | class) is the same in both domains and only the class shares differ, the shares of the
    predictions in the target are C w, with C the joint shares of predictions and labels in the source. This
    solves for w, sets negative ones to 0 and scales so that the shares sum to 1.

    Args:
        source_answers: (n,) predicted classes of held-out source rows.
        source_labels: (n,) their classes, in [0, classes); each class occurs.
        target_answers: (m,) predicted classes of target rows.
        classes: k, >= 2.

    Raises:
        BadData: these are not integers in [0, classes), a class has no source row, or the predictions
            don't separate the classes, so that C is singular.
        BadInput: `classes` is less than 2.
    """
    if classes < 2:
        raise BadInput(f"classes is {classes!r}; shares of classes need two or more.")
    answers, labels = (
        _in_range(source_answers, classes, "answers"),
        _in_range(source_labels, classes, "labels"),
    )
    theirs = _in_range(target_answers, classes, "answers")
    if len(answers) != len(labels):
        raise BadData(f"There are {len(answers)} answers and {len(labels)} labels of source rows.")
    joint = np.bincount(answers * classes + labels, minlength=classes**2).reshape(classes, classes)
    confusion = joint / len(labels)
    prior = confusion.sum(0)
    if not prior.all():
        absent = int(np.flatnonzero(prior == 0)[0])
        raise BadData(
            f"Class {absent} has no source row, so that nothing is known of what its rows look like."
        )
    singular = np.linalg.svd(confusion, compute_uv=False)
    if singular[-1] <= SINGULAR * singular[0]:
        raise BadData(
            "The answers don't tell all classes apart, so that their shares say nothing of the labels'."
        )
    solved = np.linalg.solve(confusion, np.bincount(theirs, minlength=classes) / len(theirs)).clip(min=0.0)
    shares = solved * prior / (solved * prior).sum()
    return LabelShift(shares, shares / prior, confusion, float(singular[0] / singular[-1]))


def _in_range(values: Any, classes: int, what: str) -> Ints:
    found = array(values)
    if found.ndim != 1 or not found.size or found.dtype.kind not in "iu":
        raise BadData(
            f"{what.capitalize()} must be one or more ints (rows,), not {found.dtype} {found.shape}."
        )
    if found.min() < 0 or found.max() >= classes:
        raise BadData(
            f"{what.capitalize()} must lie in [0, {classes}), but go from {found.min()} to {found.max()}."
        )
    wide: Ints = found.astype(np.int64)
    return wide
