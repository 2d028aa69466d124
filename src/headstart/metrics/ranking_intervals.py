"""Intervals of AUC and average precision of classes, and of their differences, from the jackknife.

Near 1, and with few groups, the jackknife's error is too small now and then: it never stands for more than
eight times the rows that the classes have. How many was chosen by simulation, see `benchmarks/coverage.py`.
"""

from collections.abc import Callable, Sequence

import numpy as np

from headstart.metrics.jackknife import Jackknife, jackknife, share_interval
from headstart.metrics.rankings import Ranked, Ranking, class_rankings, mean_ranked
from headstart.metrics.scored_outputs import Floats, ScoredOutputs
from headstart.metrics.shares import Interval, mover
from headstart.metrics.units import Units

CAP = 8.0


def ranking_interval(metric: Ranked) -> Callable[[ScoredOutputs, Units, int], Interval]:
    """Wilson's interval for as many rows as the jackknife's standard error stands for."""

    def single(scored: ScoredOutputs, units: Units, seed: int) -> Interval:
        return _estimated(metric, scored, units)[1]

    return single


def ranking_difference(
    metric: Ranked,
) -> Callable[[ScoredOutputs, ScoredOutputs, Units, int], Interval]:
    """MOVER, from both intervals and the correlation of the jackknife's replicates."""

    def difference(first: ScoredOutputs, second: ScoredOutputs, units: Units, seed: int) -> Interval:
        (one, its), (other, others) = (_estimated(metric, each, units) for each in (first, second))
        return mover(its, others, _correlation(one.replicates, other.replicates))

    return difference


def _estimated(metric: Ranked, scored: ScoredOutputs, units: Units) -> tuple[Jackknife, Interval]:
    rankings = class_rankings(scored)
    estimate = jackknife(lambda weights: mean_ranked(rankings, metric, weights), units)
    rows = _rows(rankings, len(scored.labels))
    return estimate, share_interval(estimate, units, len(rows) ** 2 / float((1 / rows).sum()), CAP)


def _rows(rankings: Sequence[Ranking], total: int) -> Floats:
    """Of each class that is ranked and has both, the fewer of its rows and the others (k,), at least 1."""
    rows = np.array([len(ranking.found) for ranking in rankings], np.float64)
    fewer = np.minimum(rows, total - rows)
    return fewer[fewer > 0] if (fewer > 0).any() else np.ones(1)


def _correlation(first: Floats, second: Floats) -> float:
    off, other = first - first.mean(), second - second.mean()
    size = float(np.sqrt(np.square(off).sum() * np.square(other).sum()))
    return min(1.0, max(-1.0, float((off * other).sum()) / size)) if size > 0 else 0.0
