"""Labels that are probably wrong, from predictions of rows by models that did not see them.

Classes and tags: confident learning (Northcutt, Jiang and Chuang 2021, arXiv:1911.00068). Numbers: residuals
far out, as Tukey (1977) has it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, label_kind_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NORMAL = 1.3489795003921634  # interquartile range of the standard normal distribution
# standardised residuals from which numbers are far out: Tukey's outer fences lie 3 interquartile ranges
# beyond the quartiles, and so 3.5 from the median where residuals are symmetric
FAR_OUT = 3.5 * NORMAL


@dataclass(frozen=True, eq=False)
class FoundErrors:
    """Which labels of n rows are probably wrong.

    Attributes:
        wrong: bool (n,); of tags and numbers (n, k), one for each tag or column.
        quality: (n,) or (n, k), of every label in [0, 1]; the lower, the more probably it is wrong.
        suggested: the labels with those that are wrong replaced, in their dtype and shape.
        joint: (k, k), rows by given class and the one that they are confidently of; of tags (k, 2, 2),
            without and with each tag; of numbers empty.
        estimated: the number of labels estimated to be wrong: of rows confidently of another class that are
            predicted as another, too; of numbers those that are far out.
    """

    wrong: NDArray[np.bool_]
    quality: Floats
    suggested: NDArray[Any]
    joint: Ints
    estimated: int

    def ranked(self) -> Ints:
        """The rows (m,) that have a wrong label, the most probably wrong first."""
        wrong, quality = self.wrong, self.quality
        columns, quality = (wrong, quality) if wrong.ndim == 2 else (wrong[:, None], quality[:, None])
        worst = np.where(columns, quality, np.inf).min(1, initial=np.inf)
        order = np.argsort(worst, kind="stable")
        rows: Ints = order[: int(columns.any(1).sum())]
        return rows


def find_label_errors(predictions: Floats, labels: NDArray[Any]) -> FoundErrors:
    """Find labels that are probably wrong.

    Args:
        predictions: (n, k), each row by a model that did not learn from it: probabilities of the classes or
            of the tags, or the predicted numbers.
        labels: of the n rows: int64 (n,) classes, bool (n, k) tags, or float64 (n, k) numbers.

    Raises:
        BadData: shapes that do not fit, or predictions that are not finite.
    """
    kind = label_kind_of(labels)
    if predictions.ndim != 2 or len(predictions) != len(labels) or not np.isfinite(predictions).all():
        raise BadData(
            f"Predictions must be finite numbers ({len(labels)}, k), a row for each label, not of shape "
            f"{predictions.shape}."
        )
    if kind == "classes":
        return _wrong_classes(predictions, labels)
    if predictions.shape != labels.shape:
        raise BadData(f"Predictions are of shape {predictions.shape}, labels of {labels.shape}.")
    return _wrong_tags(predictions, labels) if kind == "tags" else _wrong_numbers(predictions, labels)


# --- classes


def class_thresholds(probabilities: Floats, labels: Ints) -> Floats:
    """Mean self-confidence of each class (k,): of the rows labelled so, the mean probability of the class.

    A class without rows has infinity: no row is confidently of it.
    """
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, own, minlength=classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def confident_classes(probabilities: Floats, labels: Ints) -> Ints:
    """The class (n,) that each row is confidently of, -1 if there is none.

    It is the one with the highest probability among those at or above their thresholds.
    """
    above = probabilities >= class_thresholds(probabilities, labels) - np.finfo(np.float32).eps
    likeliest = np.where(above, probabilities, -np.inf).argmax(1)
    return np.where(above.any(1), likeliest, -1)


def confident_joint(probabilities: Floats, labels: Ints) -> Ints:
    """Counts (k, k) of rows that are labelled i and confidently of class j."""
    classes, confident = probabilities.shape[1], confident_classes(probabilities, labels)
    rows = confident >= 0
    pairs = np.bincount(labels[rows] * classes + confident[rows], minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64)


def estimated_joint(joint: Ints, counts: Ints) -> Ints:
    """The confident joint (k, k) scaled so that its rows sum to the rows labelled so (k,), in whole rows.

    What a fraction is lost or gained goes to the largest remainders. A class of which no row is confidently
    anything counts as labelled correctly.
    """
    sums = joint.sum(1)
    whole = np.where((sums == 0)[:, None], np.eye(len(joint), dtype=np.int64), joint).astype(np.float64)
    scaled = whole / np.maximum(sums, 1)[:, None] * counts[:, None]
    found: Ints = np.floor(scaled + 1e-9).astype(np.int64)
    for row, lacking in enumerate(counts - found.sum(1)):
        largest = np.argsort(found[row] - scaled[row], kind="stable")[:lacking]
        found[row, largest] += 1
    return found


def _wrong_classes(probabilities: Floats, labels: Ints) -> FoundErrors:
    """Prune by noise rate: of the rows labelled i, as many as are estimated to be j, by the margin of j.

    The quality of a label is its self-confidence, its probability. Where a model is sure and wrong about a
    hard row, it leaves more probability to the label than to one drawn at random; a margin forgets that.
    """
    n, classes = probabilities.shape
    if n and not 0 <= labels.min() <= labels.max() < classes:
        raise BadData(f"Labels must lie in [0, {classes}), the number of classes.")
    joint = confident_joint(probabilities, labels)
    scaled = estimated_joint(joint, np.bincount(labels, minlength=classes))
    own = probabilities[np.arange(n), labels]
    others = probabilities.copy()
    others[np.arange(n), labels] = -np.inf
    likeliest = others.argmax(1) if n else labels
    wrong = np.zeros(n, dtype=np.bool_)
    for given, true in np.argwhere(scaled * (1 - np.eye(classes, dtype=np.int64))):
        rows = np.flatnonzero(labels == given)
        margins = probabilities[rows, true] - own[rows]
        wrong[rows[np.argsort(-margins, kind="stable")[: scaled[given, true]]]] = True
    otherwise = others[np.arange(n), likeliest] > own
    wrong &= otherwise  # what is predicted as it is labelled is not questioned
    confident = confident_classes(probabilities, labels)
    estimated = int((otherwise & (confident >= 0) & (confident != labels)).sum())
    return FoundErrors(wrong, own, np.where(wrong, likeliest, labels), joint, estimated)


# --- tags and numbers


def _wrong_tags(probabilities: Floats, labels: NDArray[np.bool_]) -> FoundErrors:
    """Each tag by itself, as two classes: without and with it."""
    found = [
        _wrong_classes(np.stack([1 - share, share], 1), has.astype(np.int64))
        for share, has in zip(probabilities.T, labels.T, strict=True)
    ]
    wrong = np.stack([each.wrong for each in found], 1)
    quality = np.stack([each.quality for each in found], 1)
    joint = np.stack([each.joint for each in found])
    return FoundErrors(wrong, quality, labels ^ wrong, joint, sum(each.estimated for each in found))


def standardised_residuals(predictions: Floats, labels: Floats) -> Floats:
    """Label less prediction (n, k), less the median, in units of the interquartile range over 1.349.

    That is the standard deviation where residuals are normal, and is not moved by wrong labels. Where half of
    the residuals are equal, it is the standard deviation itself; 0 where all are equal.
    """
    residuals = labels - predictions
    if not len(residuals):
        return residuals
    low, middle, high = np.quantile(residuals, [0.25, 0.5, 0.75], axis=0)
    spread = np.where(high > low, (high - low) / NORMAL, residuals.std(0))
    found: Floats = (residuals - middle) / np.where(spread > 0, spread, 1.0)
    return found


def _wrong_numbers(predictions: Floats, labels: Floats) -> FoundErrors:
    """Each column by itself: labels whose standardised residuals are far out."""
    size = np.abs(standardised_residuals(predictions, labels))
    wrong = size > FAR_OUT
    return FoundErrors(
        wrong,
        1 / (1 + size),
        np.where(wrong, predictions, labels),
        np.zeros((labels.shape[1], 0), np.int64),
        int(wrong.sum()),
    )
