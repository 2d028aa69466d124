"""Regression metrics: predictions are compared with labels once, then scored under any row weights.

As for classes, a resample is a row of whole-number weights, and a metric goes from weights (b, n) to (b,).
Several columns are scored separately and averaged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadData
from headstart.metrics.scored_outputs import Floats, Ints, few_at_a_time

SMALL = 1e-12  # a smaller share of the sum of squares is rounding error


@dataclass(frozen=True)
class ScoredNumbers:
    """Intermediate results of n predictions of k columns, for the metrics."""

    known: Floats  # (n, k) labels
    given: Floats  # (n, k) predictions


Metric = Callable[[ScoredNumbers, Floats], Floats]


def score_outputs(values: ArrayLike, labels: ArrayLike) -> ScoredNumbers:
    """Compare values (n, k) with labels (n, k).

    Raises:
        BadData: other shapes, NaN or infinity, or no row.
    """
    given, known = np.asarray(values, np.float64), np.asarray(labels, np.float64)
    if given.ndim != 2 or known.shape != given.shape or not given.size:
        raise BadData(f"Values {given.shape} and labels {known.shape} must both be (n, k).")
    for what, one in (("values", given), ("labels", known)):
        bad = int((~np.isfinite(one).all(1)).sum())
        if bad:
            raise BadData(f"{bad} of {len(one)} rows of {what} hold NaN or infinity; drop them.")
    return ScoredNumbers(known, given)


def r2(scored: ScoredNumbers, weights: Floats) -> Floats:
    """Coefficient of determination: 1 - SSE / SST, at most 1; 0 for predicting the mean.

    If the weighted labels are constant: 1 if every prediction is exact, else 0 (as
    `sklearn.metrics.r2_score`).
    """
    missed = weights @ np.square(scored.known - scored.given)
    centred = scored.known - scored.known.mean(0)
    squares = weights @ np.square(centred)
    spread = squares - np.square(weights @ centred) / weights.sum(1)[:, None]
    constant = spread <= SMALL * squares
    score: Floats = np.where(constant, missed == 0, 1 - missed / np.where(constant, 1, spread)).mean(1)
    return score


def rmse(scored: ScoredNumbers, weights: Floats) -> Floats:
    """Root mean squared error, weighted, in the units of the column."""
    missed = weights @ np.square(scored.known - scored.given)
    error: Floats = np.sqrt(missed / weights.sum(1)[:, None]).mean(1)
    return error


def mae(scored: ScoredNumbers, weights: Floats) -> Floats:
    """Mean absolute error, weighted, in the units of the column."""
    error: Floats = (weights @ np.abs(scored.known - scored.given)).mean(1) / weights.sum(1)
    return error


def spearman(scored: ScoredNumbers, weights: Floats) -> Floats:
    """Spearman's rank correlation (1904, doi:10.2307/1412159), in [-1, 1].

    Ties share the mean of their ranks. 0 if the weighted labels or predictions are constant.
    """

    def each(columns: Floats) -> Floats:
        pairs = zip(scored.known.T, scored.given.T, strict=True)
        found = [
            _correlation(_ranks(known, columns), _ranks(given, columns), columns) for known, given in pairs
        ]
        return np.stack(found, 1)

    mean: Floats = few_at_a_time(each, weights).mean(1)
    return mean


METRICS: Mapping[str, Metric] = {"r2": r2, "rmse": rmse, "mae": mae, "spearman": spearman}


def _ranks(values: Floats, columns: Floats) -> Floats:
    """Mid-ranks (n, b) of `values` (n,) where rows occur as often as `columns` (n, b).

    Centred, so that their weighted mean is 0.
    """
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    sorted_group: Ints = group[order]
    starts = np.flatnonzero(np.diff(sorted_group, prepend=-1))
    counts = np.add.reduceat(columns[order], starts, axis=0)
    middle = counts.cumsum(0)
    total = middle[-1] / 2
    middle -= counts / 2
    middle -= total
    ranks: Floats = middle[group]
    return ranks


def _correlation(one: Floats, other: Floats, columns: Floats) -> Floats:
    """Correlation of two columns of ranks (n, b) with weighted mean 0; 0 where one is constant."""
    weighted = one * columns
    both = np.einsum("nb,nb->b", weighted, other)
    mine = np.einsum("nb,nb->b", weighted, one)
    theirs = np.einsum("nb,nb,nb->b", other, other, columns)
    size = mine * theirs
    found: Floats = np.where(size > 0, both / np.sqrt(np.where(size > 0, size, 1)), 0.0)
    return found
