"""Classification metrics: predictions are compared with labels once, then scored under any row weights.

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
CLIP = float(np.finfo(np.float64).eps)  # probabilities are clipped here in log losses


@dataclass(frozen=True)
class ScoredOutputs:
    """Intermediate results of n predictions, for the metrics."""

    classes: int
    labels: Ints  # (n,)
    answers: Ints  # (n,) the most probable class, the first of ties
    confidence: Floats  # (n,) that probability
    surprise: Floats  # (n,) -log of the label's probability, in nats
    probabilities: Floats  # (n, k)
    positive: int | None = None  # of two classes, for metrics of one of them; None: the rarer one

    @property
    def right(self) -> Floats:
        """Correctness (n,): 1 where the prediction is the label, else 0."""
        return np.equal(self.answers, self.labels).astype(np.float64)


Metric = Callable[[ScoredOutputs, Floats], Floats]


def score_outputs(probabilities: Floats, labels: Ints) -> ScoredOutputs:
    """Compare probabilities (n, k) with labels (n,) in [0, k).

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
    return ScoredOutputs(p.shape[1], y, answers, p[rows, answers], surprise, p)


def accuracy(scored: ScoredOutputs, weights: Floats) -> Floats:
    """Weighted accuracy."""
    return mean(scored.right, weights)


def balanced_accuracy(scored: ScoredOutputs, weights: Floats) -> Floats:
    """Mean recall over the classes that have weight."""
    _, known, hits = by_class(scored, weights)
    return mean_where(hits / np.maximum(known, CLIP), known > 0)


def macro_f1(scored: ScoredOutputs, weights: Floats) -> Floats:
    """Mean F1 over the classes that are the label or the prediction of a row with weight."""
    given, known, hits = by_class(scored, weights)
    return mean_where(2 * hits / np.maximum(given + known, CLIP), given + known > 0)


def log_loss(scored: ScoredOutputs, weights: Floats) -> Floats:
    """Weighted mean of -log p(label), in nats."""
    return mean(scored.surprise, weights)


def calibration_error(scored: ScoredOutputs, weights: Floats, bins: int = BINS) -> Floats:
    """Expected calibration error: mean gap of confidence and accuracy over bins, by weight, in [0, 1]."""
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
    """Index of each confidence's bin, of `bins` equal-width ones of (0, 1], closed on the right."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def once(scored: Any, metric: Callable[[Any, Floats], Floats], rows: int) -> float:
    """The unweighted metric of n scored rows of any label kind."""
    return float(metric(scored, np.ones((1, rows)))[0])


def few_at_a_time(score: Callable[[Floats], Floats], weights: Floats) -> Floats:
    """Apply `score` to weights (b, n) in chunks of columns (n, few): (b, ...).

    Few columns stay in the processor's cache, which is twice as fast.
    """
    parts = range(0, len(weights), FEW)
    return np.concatenate([score(np.ascontiguousarray(weights[at : at + FEW].T)) for at in parts])


def mean(values: Floats, weights: Floats) -> Floats:
    """Weighted means (b,) of values (n,) under weights (b, n)."""
    found: Floats = weights @ values / weights.sum(1)
    return found


def mean_where(values: Floats, counts: NDArray[np.bool_]) -> Floats:
    """Means (b,) of the selected values (b, k); 0 where none is selected."""
    found: Floats = (values * counts).sum(1) / np.maximum(counts.sum(1), 1)
    return found


def by_class(scored: ScoredOutputs, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Weight (b, k) of each class among predictions, labels, and correct predictions."""
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
