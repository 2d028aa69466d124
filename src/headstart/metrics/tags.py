"""Multi-label metrics: probabilities are compared with tags once, then scored under any row weights.

As for classes, a resample is a row of whole-number weights, and a metric goes from weights (b, n) to (b,).
A tag is predicted where its probability is 0.5 or more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadData
from headstart.metrics.rankings import Ranking, each_ranked, precision_of, rank
from headstart.metrics.scored_outputs import BINS, CLIP, Floats, bin_of, mean, mean_where
from headstart.metrics.thresholds import Bools

THRESHOLD = 0.5


@dataclass(frozen=True)
class ScoredTags:
    """Intermediate results of n predictions of k tags, for the metrics."""

    known: Bools  # (n, k) which tags each row has
    probabilities: Floats  # (n, k)
    given: Bools  # (n, k) which tags are predicted
    surprise: Floats  # (n,) the mean over tags of -log of the probability of the true state, in nats
    rankings: tuple[Ranking, ...]  # of each tag


Metric = Callable[[ScoredTags, Floats], Floats]


def score_outputs(probabilities: ArrayLike, labels: ArrayLike) -> ScoredTags:
    """Compare probabilities (n, k) in [0, 1], one for each tag, with labels (n, k) of bools.

    Raises:
        BadData: other shapes or values, or no row.
    """
    p, known = np.asarray(probabilities, np.float64), np.asarray(labels)
    if p.ndim != 2 or known.shape != p.shape or known.dtype != np.bool_ or not p.size:
        raise BadData(
            f"Probabilities {p.shape} and tags {known.dtype} {known.shape} must be numbers (n, k) and bools "
            f"(n, k)."
        )
    if not (np.all(p >= 0) and np.all(p <= 1)):
        raise BadData("Each probability of a tag must lie in [0, 1]; take a sigmoid first.")
    so = np.where(known, p, 1 - p)
    surprise = -np.log(np.clip(so, CLIP, 1)).mean(1)
    rankings = tuple(rank(*each) for each in zip(p.T, known.T, strict=True))
    return ScoredTags(known, p, p >= THRESHOLD, surprise, rankings)


def average_precision(scored: ScoredTags, weights: Floats) -> Floats:
    """Mean average precision over the tags that a row with weight has; 0 if there are none."""
    each = average_precisions(scored, weights)
    return mean_where(np.nan_to_num(each), np.isfinite(each))


def average_precisions(scored: ScoredTags, weights: Floats) -> Floats:
    """The average precision (b, k) of each tag; NaN where no row with weight has it.

    The mean, over the rows that have the tag, of the precision among all rows that are at least as
    probable (Zhu 2004; `sklearn.metrics.average_precision_score`). A random ranking has the share of
    rows with the tag.
    """
    return each_ranked(scored.rankings, precision_of, weights)


def macro_f1(scored: ScoredTags, weights: Floats) -> Floats:
    """Mean F1 over the tags that are true of, or predicted for, a row with weight; 0 if there are none."""
    both, either = _counts(scored, weights)
    return mean_where(2 * both / np.maximum(either, CLIP), either > 0)


def micro_f1(scored: ScoredTags, weights: Floats) -> Floats:
    """F1 over all pairs of a row and a tag; 0 if no row has a tag or a predicted tag."""
    both, either = (counts.sum(1) for counts in _counts(scored, weights))
    score: Floats = 2 * both / np.maximum(either, CLIP)
    return score


def exact_match(scored: ScoredTags, weights: Floats) -> Floats:
    """Weighted share of rows with all tags correct (subset accuracy)."""
    right: Floats = np.asarray(np.equal(scored.known, scored.given).all(1), np.float64)
    return mean(right, weights)


def hamming_accuracy(scored: ScoredTags, weights: Floats) -> Floats:
    """Weighted share of correct pairs of a row and a tag."""
    right = np.equal(scored.known, scored.given).astype(np.float64)
    share: Floats = np.asarray(right.sum(1) / right.shape[1])
    return mean(share, weights)


def log_loss(scored: ScoredTags, weights: Floats) -> Floats:
    """Weighted mean binary cross-entropy over pairs of a row and a tag, in nats."""
    return mean(scored.surprise, weights)


def calibration_error(scored: ScoredTags, weights: Floats, bins: int = BINS) -> Floats:
    """Expected calibration error of tag probabilities: mean gap over bins, by weight."""
    rows, tags = scored.known.shape
    place = bin_of(scored.probabilities, bins) + bins * np.arange(rows)[:, None]
    gaps = np.bincount(place.ravel(), (scored.known - scored.probabilities).ravel(), bins * rows)
    total: Floats = np.abs(weights @ gaps.reshape(rows, bins)).sum(1) / weights.sum(1) / tags
    return total


METRICS: Mapping[str, Metric] = {
    "average_precision": average_precision,
    "macro_f1": macro_f1,
    "micro_f1": micro_f1,
    "exact_match": exact_match,
    "hamming_accuracy": hamming_accuracy,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
}


def _counts(scored: ScoredTags, weights: Floats) -> tuple[Floats, Floats]:
    """Weights (b, k) of true positives, and of actual plus predicted positives, of each tag."""
    both = weights @ (scored.known & scored.given).astype(np.float64)
    return both, weights @ (scored.known.astype(np.float64) + scored.given)
