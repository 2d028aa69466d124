"""Classification metrics of predicted probabilities, unweighted.

All take probabilities (n, k), each row a distribution, and labels (n,) in [0, k); they raise
`BadData` if they are anything else.
"""

import numpy as np

from headstart.core import BadData
from headstart.metrics import scored_outputs
from headstart.metrics.scored_outputs import Floats, Ints, once, score_outputs


def accuracy(probabilities: Floats, labels: Ints) -> float:
    """The share of rows whose most probable class is the label, in [0, 1]."""
    return once(score_outputs(probabilities, labels), scored_outputs.accuracy, len(labels))


def balanced_accuracy(probabilities: Floats, labels: Ints) -> float:
    """Mean over classes of the recall, in [0, 1].

    Classes without rows are left out.
    """
    return once(score_outputs(probabilities, labels), scored_outputs.balanced_accuracy, len(labels))


def macro_f1(probabilities: Floats, labels: Ints) -> float:
    """Mean over classes of F1, the harmonic mean of precision and recall, in [0, 1].

    A class that is neither a label nor predicted is left out; one that is only predicted counts as 0.
    """
    return once(score_outputs(probabilities, labels), scored_outputs.macro_f1, len(labels))


def log_loss(probabilities: Floats, labels: Ints) -> float:
    """The mean of -log p(label), in nats.

    Probabilities are clipped at 2.2e-16, so that no row contributes more than 36.05 nats.
    """
    return once(score_outputs(probabilities, labels), scored_outputs.log_loss, len(labels))


def confusion(answers: Ints, labels: Ints, classes: int) -> Ints:
    """Confusion matrix (classes, classes): rows are labels, columns predictions.

    Raises:
        BadData: `answers` and `labels` are not (n,) integers in [0, classes).
    """
    given, known = np.asarray(answers), np.asarray(labels)
    for what, values in (("Answers", given), ("Labels", known)):
        if values.ndim != 1 or values.dtype.kind not in "iu" or len(given) != len(known):
            raise BadData(f"{what} must be ints (n,), not {values.dtype} {values.shape}.")
        if len(values) and (values.min() < 0 or values.max() >= classes):
            raise BadData(f"{what} must lie in [0, {classes}).")
    pairs = np.bincount(known.astype(np.int64) * classes + given, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64)
