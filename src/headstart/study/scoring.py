"""Predictions against labels, as records."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import fold
from headstart.metrics.calibration import reliability
from headstart.metrics.classification import confusion
from headstart.metrics.intervals import paired, score_all, wilson

from .records import Bin, Interval, Scores


def probabilities(logits: Tensor) -> NDArray[np.float64]:
    """Softmax over the last axis, in float64."""
    return logits.double().softmax(-1).numpy()


def scores(logits: Tensor, labels: NDArray[np.int64], seed: int) -> Scores:
    """All figures of predictions (n, classes) on labels (n,), with 95 % intervals.

    Accuracy is a share and has Wilson's interval, which stays honest where every row is right;
    the others have bootstrap intervals.
    """
    found = score_all(probabilities(logits), labels, logits.shape[1], fold(seed, "scores"))
    right = int((logits.argmax(1).numpy() == labels).sum())
    found["accuracy"] = wilson(right, len(labels))
    return Scores(len(labels), **{name: Interval(*value) for name, value in found.items()})


def difference(
    ours: Tensor, theirs: Tensor, labels: NDArray[np.int64], seed: int, metric: str = "accuracy"
) -> Interval:
    """How much better the first predictions are than the second on the same rows (paired bootstrap)."""
    pair = probabilities(ours), probabilities(theirs)
    return Interval(*paired(*pair, labels, ours.shape[1], fold(seed, "difference"), metric=metric))


def bins(logits: Tensor, labels: NDArray[np.int64]) -> list[Bin]:
    """Rows of similar confidence, empty bins left out."""
    return [Bin(*found) for found in reliability(probabilities(logits), labels) if found[2]]


def confusions(logits: Tensor, labels: NDArray[np.int64]) -> list[list[int]]:
    """Counts: truth x answer."""
    counts: list[list[int]] = confusion(logits.argmax(1).numpy(), labels, logits.shape[1]).tolist()
    return counts


def balanced_accuracy(logits: Tensor, labels: NDArray[np.int64]) -> float:
    """Mean over the classes that occur of the share of their rows that is answered right."""
    right = logits.argmax(1) == torch.from_numpy(labels)
    return float(np.mean([right.numpy()[labels == c].mean() for c in np.unique(labels)]))
