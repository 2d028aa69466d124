"""Metrics of the order in which rows come by a probability: average precision, and area under the ROC curve.

Of tags each is ranked by itself. Of two classes it is the positive one, of more each against the rest, and
the metric is the mean over the classes that have rows and other rows. Rows are ranked once, then scored
under any row weights, as in `scored_outputs`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headstart.metrics.scored_outputs import CLIP, Floats, Ints, ScoredOutputs, few_at_a_time, mean_where
from headstart.metrics.thresholds import Bools


@dataclass(frozen=True)
class Ranking:
    """The rows by falling probability of one tag or class, with the steps at which precision is evaluated.

    Rows of equal probability are one step.
    """

    rows: Ints  # down to the last row that has the tag, with those of its probability
    steps: Ints  # where in `rows` a step begins, which ends with a probability of a row that has the tag
    ties: Ints  # where in `rows` that probability begins
    found: Ints  # the rows that have the tag, in the same order
    finds: Ints  # where in `found` a step begins


Ranked = Callable[[Ranking, Floats], Floats]  # a metric (b,) of one ranking under columns (n, b) of weights


def rank(probabilities: Floats, known: Bools) -> Ranking:
    """Rank the rows by `probabilities` (n,) of one tag or class; `known` (n,) says which have it."""
    order = np.argsort(-probabilities, kind="stable")
    found = order[known[order]]
    levels, finds = np.unique(-probabilities[found], return_index=True)
    ties = np.searchsorted(-probabilities[order], levels, side="left")
    ends = np.searchsorted(-probabilities[order], levels, side="right")
    steps = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
    return Ranking(order[: ends[-1] if len(ends) else 0], steps, ties, found, finds)


def precision_of(ranking: Ranking, columns: Floats) -> Floats:
    """The average precision (b,) under `columns` (n, b) of weights; NaN where no row has the tag."""
    if not len(ranking.found):
        return np.full(columns.shape[1], np.nan)
    there = np.add.reduceat(columns[ranking.rows], ranking.steps, axis=0).cumsum(0)
    new = np.add.reduceat(columns[ranking.found], ranking.finds, axis=0)
    found = new.cumsum(0)
    total = found[-1]
    score: Floats = (new * found / np.maximum(there, CLIP)).sum(0) / np.where(total > 0, total, np.nan)
    return score


def area_of(ranking: Ranking, columns: Floats) -> Floats:
    """The area (b,) under the ROC curve under `columns` (n, b) of weights; ties count half.

    NaN where no row has the class, or all have it.
    """
    if len(ranking.found) in (0, len(columns)):
        return np.full(columns.shape[1], np.nan)
    ranked = columns[ranking.rows]
    there = np.add.reduceat(ranked, ranking.steps, axis=0).cumsum(0)
    tied = np.add.reduceat(ranked, np.stack([ranking.ties, _ends(ranking)], 1).ravel()[:-1], axis=0)[::2]
    new = np.add.reduceat(columns[ranking.found], ranking.finds, axis=0)
    found = new.cumsum(0)
    ahead = (there - found) - (tied - new) / 2  # rows without the class that come before, ties as half
    with_class = found[-1]
    pairs = with_class * (columns.sum(0) - with_class)
    score: Floats = 1 - (new * ahead).sum(0) / np.where(pairs > CLIP, pairs, np.nan)
    return score


def auc(scored: ScoredOutputs, weights: Floats) -> Floats:
    """Area under the ROC curve (b,) of classes; 0 if none has both rows and other rows.

    The probability that a row of the class has a higher probability of it than another row, ties as half
    (Hanley & McNeil 1982; `sklearn.metrics.roc_auc_score`, of more than two classes with
    `multi_class="ovr"`). Chance has 0.5.
    """
    return mean_ranked(class_rankings(scored), area_of, weights)


def average_precision(scored: ScoredOutputs, weights: Floats) -> Floats:
    """Average precision (b,) of classes; 0 if none has rows. Chance has the share of the class."""
    return mean_ranked(class_rankings(scored), precision_of, weights)


METRICS: Mapping[str, Callable[[ScoredOutputs, Floats], Floats]] = {
    "auc": auc,
    "average_precision": average_precision,
}
RANKED: Mapping[str, Ranked] = {"auc": area_of, "average_precision": precision_of}  # what each is the mean of


def class_rankings(scored: ScoredOutputs) -> list[Ranking]:
    """The ranking of the positive one of two classes, or that of each of more."""
    classes = [positive_of(scored)] if scored.classes == 2 else range(scored.classes)
    return [rank(scored.probabilities[:, number], scored.labels == number) for number in classes]


def positive_of(scored: ScoredOutputs) -> int:
    """The positive one of two classes: the given one, else the one with fewer rows, else the second."""
    if scored.positive is not None:
        return scored.positive
    return rarer_class(scored.labels)


def rarer_class(labels: Ints) -> int:
    """The one of two classes with fewer rows (n,), of equally many the second."""
    counts = np.bincount(labels, minlength=2)
    return 0 if counts[0] < counts[1] else 1


def each_ranked(rankings: Sequence[Ranking], metric: Ranked, weights: Floats) -> Floats:
    """A metric (b, k) of each of k rankings under weights (b, n)."""

    def each(columns: Floats) -> Floats:
        return np.stack([metric(ranking, columns) for ranking in rankings], 1)

    return few_at_a_time(each, weights)


def mean_ranked(rankings: Sequence[Ranking], metric: Ranked, weights: Floats) -> Floats:
    """The mean (b,) of a metric under weights (b, n): of the rankings where it is defined, else 0."""
    each = each_ranked(rankings, metric, weights)
    return mean_where(np.nan_to_num(each), np.isfinite(each))


def _ends(ranking: Ranking) -> Ints:
    return np.concatenate([ranking.steps[1:], [len(ranking.rows)]])
