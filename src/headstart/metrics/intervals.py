"""95 % confidence intervals of every metric, and of paired differences of two models on the same rows.

What is independent are rows or, with `groups`, whole groups of them (one patient, one video, known
duplicates; `hs.data.check` joins all of them in its groups). `score_all` and `paired` choose the estimator
by the metric; that each covers was checked by simulation (`benchmarks/coverage.py`, docs/benchmarks.md).

| metric | interval | paired difference |
|---|---|---|
| accuracy, exact match | Wilson, effective rows | Student, rows added |
| balanced accuracy | beta distributions by class | Student, rows added by class |
| macro-F1 of classes | Wilson, rows that the jackknife's error stands for | Student, rows added by class |
| AUC, average precision of classes | Wilson, rows that the jackknife's error stands for | MOVER |
| log loss of classes | Student of the logarithm, a row added | Student, a row added |
| calibration error | inverted distribution of the sum of gaps | MOVER |
| average precision, F1, hamming accuracy of tags | Wilson, likewise | jackknife, Student |
| log loss of tags, RMSE, MAE | jackknife of the logarithm | jackknife, Student |
| R^2; rank correlation | jackknife of log(1 - R^2); of Fisher's z | jackknife, Student |

`bootstrap` and `bootstraps` are for anything else that takes row weights.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadData, LabelKind, Unknown, label_kind_of
from headstart.metrics import class_intervals as classes
from headstart.metrics import numbers, rankings, scored_outputs, tags
from headstart.metrics.bootstrap import bootstrap, bootstraps
from headstart.metrics.calibration_intervals import Calibration, calibration, calibration_difference
from headstart.metrics.jackknife import (
    CAP,
    correlation_interval,
    difference_interval,
    jackknife,
    jackknifes,
    log_interval,
    r2_interval,
    share_interval,
)
from headstart.metrics.kinds import measure_of
from headstart.metrics.ranking_intervals import ranking_difference, ranking_interval
from headstart.metrics.scored_outputs import Floats, ScoredOutputs
from headstart.metrics.share_intervals import STEP, share, share_difference
from headstart.metrics.shares import Interval, wilson, wilson_of
from headstart.metrics.tags import ScoredTags
from headstart.metrics.units import Units, effective_rows, units_of

__all__ = [
    "Interval",
    "average_precisions",
    "bootstrap",
    "bootstraps",
    "paired",
    "score_all",
    "score_one",
    "share",
    "share_difference",
    "wilson",
]

Single = Callable[[Any, Units, int], Interval]
Paired = Callable[[Any, Any, Units, int], Interval]


def score_all(
    answers: ArrayLike, labels: Any, seed: int, groups: ArrayLike | None = None
) -> dict[str, Interval]:
    """Compute every metric of the label kind with its interval.

    Args:
        answers: (n, k): probabilities of k classes or tags, or k numbers.
        labels: int64 (n,) in [0, k): classes; bool (n, k): tags; floats (n, k): numbers.
        seed: of the draws of balanced accuracy and calibration error; the same gives the same intervals.
        groups: (n,) rows of a group depend on each other; None: independent rows.

    Returns:
        By name. Classes: accuracy, balanced_accuracy, macro_f1, log_loss (nats), calibration_error.
        Tags: average_precision, macro_f1, micro_f1, exact_match, hamming_accuracy, log_loss (nats),
        calibration_error. Numbers: r2, rmse, mae (both in the units of the labels), spearman. The
        calibration error is without its bias, see `calibration_intervals`; all other values are plain.

        Means over classes are over those that have rows: what is estimated is the mean over these classes.

    Raises:
        BadData: answers and labels differ in shape, a row of class probabilities is not a
            distribution, a number is NaN or infinite, a label is out of range, or `groups` has another
            length.
    """
    kind = label_kind_of(labels)
    measures = measure_of(kind)
    scored, units = measures.score(answers, labels), units_of(len(labels), groups)
    names = [name for name in measures.metrics if name not in measures.on_request]
    return {name: SINGLE[kind][name](scored, units, seed) for name in names}


def score_one(
    answers: ArrayLike,
    labels: Any,
    seed: int,
    groups: ArrayLike | None = None,
    metric: str | None = None,
    positive: int | None = None,
) -> Interval:
    """One metric with its interval: the main one, or a named one. See `score_all`.

    Of classes also "auc", area under the ROC curve, and "average_precision", which `score_all` leaves out: of
    two classes those of `positive`, by default the one with fewer rows; of more the mean of each against the
    rest.

    Raises:
        Unknown: no metric has that name.
    """
    kind = label_kind_of(labels)
    name = _named(kind, metric)
    scored = compare(answers, labels, positive)
    return SINGLE[kind][name](scored, units_of(len(labels), groups), seed)


def paired(
    first: ArrayLike,
    second: ArrayLike,
    labels: Any,
    seed: int,
    *,
    metric: str | None = None,
    groups: ArrayLike | None = None,
    positive: int | None = None,
) -> Interval:
    """Paired difference of a metric: the first answers' less the second's (both (n, k)) on the same rows.

    Arguments and errors are those of `score_all`; `metric` and `positive` are those of `score_one`, None for
    the main one: accuracy of classes, average_precision of tags, r2 of numbers. Answers that are the same
    in all rows differ by (0, 0, 0).

    Raises:
        BadData: the answers differ in shape.
        Unknown: no metric has that name.
    """
    kind = label_kind_of(labels)
    name = _named(kind, metric)
    if np.shape(first) != np.shape(second):
        raise BadData(f"Answers of two shapes, {np.shape(first)} and {np.shape(second)}, can't be compared.")
    one, other = (compare(answers, labels, positive) for answers in (first, second))
    units = units_of(len(labels), groups)
    if np.array_equal(np.asarray(first), np.asarray(second)):
        return Interval(0.0, 0.0, 0.0)
    return PAIRED[kind][name](one, other, units, seed)


def average_precisions(scored: ScoredTags, groups: ArrayLike | None = None) -> list[Interval]:
    """The average precision of each tag with its interval, by the jackknife; NaN where no row has the tag.

    Raises:
        BadData: `groups` has another length than the rows.
    """
    units = units_of(len(scored.known), groups)
    estimates = jackknifes(lambda weights: tags.average_precisions(scored, weights), units)
    rows = scored.known.sum(0)
    return [
        share_interval(estimate, units, max(1.0, float(have)), CAP)
        for estimate, have in zip(estimates, rows, strict=True)
    ]


def compare(answers: ArrayLike, labels: Any, positive: int | None = None) -> Any:
    """Answers (n, k) beside labels, for the metrics of their kind; `positive` is one of two classes."""
    scored = measure_of(label_kind_of(labels)).score(answers, labels)
    return replace(scored, positive=positive) if isinstance(scored, ScoredOutputs) else scored


def _named(kind: LabelKind, metric: str | None) -> str:
    measures = measure_of(kind)
    if metric is not None and metric not in measures.metrics:
        raise Unknown("metric", metric, measures.metrics)
    return measures.main if metric is None else metric


def _jackknifed(metric: Callable[[Any, Floats], Floats], interval: Callable[..., Interval]) -> Single:
    def single(scored: Any, units: Units, seed: int) -> Interval:
        estimate = jackknife(lambda weights: metric(scored, weights), units)
        return interval(estimate, units) if interval is share_interval else interval(estimate)

    return single


def _difference(metric: Callable[[Any, Floats], Floats], most: float = float("inf")) -> Paired:
    def difference(first: Any, second: Any, units: Units, seed: int) -> Interval:
        estimate = jackknife(lambda weights: metric(first, weights) - metric(second, weights), units)
        return difference_interval(estimate, most)

    return difference


def _of_each_tag(
    metric: Callable[[ScoredTags, Floats], Floats], step: float, cap: float = float("inf")
) -> Single:
    """A mean over tags; at 0 or 1 it is as certain as the rows that have each tag allow."""

    def single(scored: ScoredTags, units: Units, seed: int) -> Interval:
        estimate = jackknife(lambda weights: metric(scored, weights), units, step)
        rows = np.maximum(scored.known.sum(0), 1)
        return share_interval(estimate, units, len(rows) ** 2 / float((1 / rows).sum()), cap)

    return single


def _exact_match(scored: ScoredTags, units: Units, seed: int) -> Interval:
    right: Floats = np.asarray(np.equal(scored.known, scored.given).all(1), np.float64)
    return wilson_of(float(right.mean()), effective_rows(right, units))


def _of_classes(scored: ScoredOutputs, units: Units, seed: int) -> Calibration:
    return calibration(scored.confidence, scored.right, units, seed)


def _of_tags(scored: ScoredTags, units: Units, seed: int) -> Calibration:
    """Pairs of a row and a tag are the rows; the pairs of a row depend on each other."""
    pairs = units_of(scored.known.size, units.index.repeat(scored.known.shape[1]))
    flat = scored.probabilities.ravel(), scored.known.ravel().astype(np.float64)
    return calibration(*flat, pairs, seed, units.grouped)


def _calibration_pair(of: Callable[[Any, Units, int], Calibration]) -> Paired:
    return lambda first, second, units, seed: calibration_difference(
        of(first, units, seed), of(second, units, seed)
    )


SINGLE: Mapping[LabelKind, Mapping[str, Single]] = {
    "classes": {
        "accuracy": classes.accuracy,
        "balanced_accuracy": classes.balanced_accuracy,
        "macro_f1": classes.macro_f1,
        "log_loss": classes.log_loss,
        **{name: ranking_interval(metric) for name, metric in rankings.RANKED.items()},
        "calibration_error": lambda scored, units, seed: _of_classes(scored, units, seed).interval,
    },
    "tags": {
        **{name: _jackknifed(metric, share_interval) for name, metric in tags.METRICS.items()},
        "average_precision": _of_each_tag(tags.average_precision, 1.0, CAP),
        "macro_f1": _of_each_tag(tags.macro_f1, STEP),
        "exact_match": _exact_match,
        "log_loss": _jackknifed(tags.log_loss, log_interval),
        "calibration_error": lambda scored, units, seed: _of_tags(scored, units, seed).interval,
    },
    "numbers": {
        "r2": _jackknifed(numbers.r2, r2_interval),
        "rmse": _jackknifed(numbers.rmse, log_interval),
        "mae": _jackknifed(numbers.mae, log_interval),
        "spearman": _jackknifed(numbers.spearman, correlation_interval),
    },
}

PAIRED: Mapping[LabelKind, Mapping[str, Paired]] = {
    "classes": {
        "accuracy": classes.share_difference(scored_outputs.accuracy, classes=False),
        "balanced_accuracy": classes.share_difference(scored_outputs.balanced_accuracy, classes=True),
        "macro_f1": classes.macro_f1_difference,
        "log_loss": classes.log_loss_difference,
        **{name: ranking_difference(metric) for name, metric in rankings.RANKED.items()},
        "calibration_error": _calibration_pair(_of_classes),
    },
    "tags": {
        **{name: _difference(metric, 1.0) for name, metric in tags.METRICS.items()},
        "log_loss": _difference(tags.log_loss),
        "calibration_error": _calibration_pair(_of_tags),
    },
    "numbers": {
        **{name: _difference(metric) for name, metric in numbers.METRICS.items()},
        "spearman": _difference(numbers.spearman, 2.0),
    },
}
