"""Numbers told of each row: held against the true ones once, then scored under any weights of the rows.

As for classes, a resample is a row of whole-number weights, and a metric goes from weights (b, n) to (b,).
Of several columns, each is scored by itself, and the figure is their mean.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadData
from headstart.metrics.scored_outputs import Floats, Ints, few_at_a_time

SMALL = 1e-12  # a part of the squares that is less is rounding


@dataclass(frozen=True)
class ScoredNumbers:
    """What the metrics need to know of n predictions of k columns."""

    known: Floats  # (n, k) the true numbers
    given: Floats  # (n, k) the answers


Metric = Callable[[ScoredNumbers, Floats], Floats]


def score_outputs(values: ArrayLike, labels: ArrayLike) -> ScoredNumbers:
    """Hold values (n, k) against labels (n, k).

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
    """The share of the variance that is explained: 1 - SSE / SST, at most 1, 0 for telling the mean.

    Where the true numbers with weight are all the same, there is no variance: 1 if every answer is right,
    else 0 (as `sklearn.metrics.r2_score`).
    """
    missed = weights @ np.square(scored.known - scored.given)
    centred = scored.known - scored.known.mean(0)
    squares = weights @ np.square(centred)
    spread = squares - np.square(weights @ centred) / weights.sum(1)[:, None]
    constant = spread <= SMALL * squares
    score: Floats = np.where(constant, missed == 0, 1 - missed / np.where(constant, 1, spread)).mean(1)
    return score


def rmse(scored: ScoredNumbers, weights: Floats) -> Floats:
    """The root of the weighted mean of squared errors, in the units of the column."""
    missed = weights @ np.square(scored.known - scored.given)
    error: Floats = np.sqrt(missed / weights.sum(1)[:, None]).mean(1)
    return error


def mae(scored: ScoredNumbers, weights: Floats) -> Floats:
    """The weighted mean of absolute errors, in the units of the column."""
    error: Floats = (weights @ np.abs(scored.known - scored.given)).mean(1) / weights.sum(1)
    return error


def spearman(scored: ScoredNumbers, weights: Floats) -> Floats:
    """Spearman's correlation of ranks (1904, doi:10.2307/1412159), in [-1, 1].

    Equal values share the mean of their ranks. 0 where all true numbers, or all answers, with weight are
    the same.
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
    """The middle rank (n, b) of each of `values` (n,) where rows occur as often as `columns` (n, b) say.

    Less the middle of all ranks, so that their weighted mean is 0.
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
    """Of two columns of ranks (n, b) with a weighted mean of 0; 0 where one of them is constant."""
    weighted = one * columns
    both = np.einsum("nb,nb->b", weighted, other)
    mine = np.einsum("nb,nb->b", weighted, one)
    theirs = np.einsum("nb,nb,nb->b", other, other, columns)
    size = mine * theirs
    found: Floats = np.where(size > 0, both / np.sqrt(np.where(size > 0, size, 1)), 0.0)
    return found
