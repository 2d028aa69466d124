"""Predictions held against labels once, then scored under any weights of the rows.

A bootstrap resample is a row of whole-number weights, so a metric that takes weights (b, n) and
gives (b,) scores b resamples in one go; weights of one give the plain metric.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 15
FEW = 64
CLIP = float(np.finfo(np.float64).eps)  # the least probability that a log loss reckons with


@dataclass(frozen=True)
class ScoredOutputs:
    """What the metrics need to know of n predictions."""

    classes: int
    labels: Ints  # (n,)
    answers: Ints  # (n,) the class of the largest probability, the first of equals
    confidence: Floats  # (n,) that probability
    surprise: Floats  # (n,) -log of the label's probability, in nats

    @property
    def right(self) -> Floats:
        """(n,) 1 where the answer is the label, else 0."""
        return np.equal(self.answers, self.labels).astype(np.float64)


Metric = Callable[[ScoredOutputs, Floats], Floats]


def score_outputs(probabilities: Floats, labels: Ints) -> ScoredOutputs:
    """Hold probabilities (n, k) against labels (n,) in [0, k).

    Raises:
        BadData: a row is not a distribution (to 1e-3), a label is out of range, or n is 0.
    """
    p, y = np.asarray(probabilities, np.float64), np.asarray(labels)
    if p.ndim != 2 or y.shape != (len(p),) or not p.size:
        raise BadData(f"Probabilities {p.shape} and labels {y.shape} must be (n, k) and (n,).")
    if not (np.all(p >= 0) and np.allclose(p.sum(1), 1, atol=1e-3, rtol=0)):
        raise BadData("Each row of probabilities must be >= 0 and sum to 1; take a softmax first.")
    if y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= p.shape[1]:
        raise BadData(f"Labels must be whole numbers in [0, {p.shape[1]}).")
    y, answers, rows = y.astype(np.int64), p.argmax(1).astype(np.int64), np.arange(len(p))
    surprise = -np.log(np.clip(p[rows, y], CLIP, 1))
    return ScoredOutputs(p.shape[1], y, answers, p[rows, answers], surprise)


def accuracy(scored: ScoredOutputs, weights: Floats) -> Floats:
    """The weighted share of right answers."""
    return mean(scored.right, weights)


def balanced_accuracy(scored: ScoredOutputs, weights: Floats) -> Floats:
    """The mean of each class's accuracy, over the classes that have weight."""
    _, known, hits = _by_class(scored, weights)
    return mean_where(hits / np.maximum(known, CLIP), known > 0)


def macro_f1(scored: ScoredOutputs, weights: Floats) -> Floats:
    """The mean F1 of the classes that are the label or the answer of a row with weight."""
    given, known, hits = _by_class(scored, weights)
    return mean_where(2 * hits / np.maximum(given + known, CLIP), given + known > 0)


def log_loss(scored: ScoredOutputs, weights: Floats) -> Floats:
    """The weighted mean of -log p(label), in nats."""
    return mean(scored.surprise, weights)


def calibration_error(scored: ScoredOutputs, weights: Floats, bins: int = BINS) -> Floats:
    """How far confidence is from accuracy: the mean over bins, by weight, in [0, 1]."""
    gaps = weights * (scored.right - scored.confidence)
    sums = _grouped(gaps, bin_of(scored.confidence, bins), bins)
    total: Floats = np.abs(sums).sum(1) / weights.sum(1)
    return total


METRICS: Mapping[str, Metric] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
}


def bin_of(confidence: Floats, bins: int) -> Ints:
    """Which of `bins` equal parts of (0, 1] each confidence lies in; a part holds its upper end."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def once(scored: Any, metric: Callable[[Any, Floats], Floats], rows: int) -> float:
    """The metric of n scored rows of any kind of target, each counted once."""
    return float(metric(scored, np.ones((1, rows)))[0])


def few_at_a_time(score: Callable[[Floats], Floats], weights: Floats) -> Floats:
    """What `score` makes of weights as columns (n, few), for weights (b, n): (b, ...).

    Few columns stay in the processor's own memory, which is twice as fast.
    """
    parts = range(0, len(weights), FEW)
    return np.concatenate([score(np.ascontiguousarray(weights[at : at + FEW].T)) for at in parts])


def mean(values: Floats, weights: Floats) -> Floats:
    """The means (b,) of values (n,) under weights (b, n)."""
    found: Floats = weights @ values / weights.sum(1)
    return found


def mean_where(values: Floats, counts: NDArray[np.bool_]) -> Floats:
    """The means (b,) of those of the values (b, k) that count; 0 where none does."""
    found: Floats = (values * counts).sum(1) / np.maximum(counts.sum(1), 1)
    return found


def _by_class(scored: ScoredOutputs, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """The weight (b, k) of each class as an answer, as a label, and as both."""
    return (
        _grouped(weights, scored.answers, scored.classes),
        _grouped(weights, scored.labels, scored.classes),
        _grouped(weights * scored.right, scored.labels, scored.classes),
    )


def _grouped(values: Floats, group: Ints, groups: int) -> Floats:
    """Sums (b, groups) of the columns of `values` (b, n) by their group (n,)."""
    order = np.argsort(group, kind="stable")
    present, starts = np.unique(group[order], return_index=True)
    sums = np.zeros((len(values), groups))
    sums[:, present] = np.add.reduceat(values[:, order], starts, axis=1)
    return sums
