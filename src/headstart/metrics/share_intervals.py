"""Intervals of a share of rows, such as those classified correctly, and of the difference of two shares."""

import numpy as np
from numpy.typing import ArrayLike

from headstart.core import BadData
from headstart.metrics.jackknife import Jackknife, jackknife
from headstart.metrics.scored_outputs import Floats, mean
from headstart.metrics.shares import CONFIDENCE, Interval, wilson_of
from headstart.metrics.units import Units, effective_rows, units_of

STEP = 0.75  # of the jackknife of F1: 1 is too wide where classes have two rows, 0.5 too narrow
DISCORDANT = (0.6, 0.15)  # rows, or groups, that are added as right by one model alone


def share(right: ArrayLike, groups: ArrayLike | None = None, level: float = CONFIDENCE) -> Interval:
    """The share of m >= 1 rows that are right (m,), with Wilson's interval for the effective rows.

    Args:
        right: (m,) 0 or 1, or in [0, 1] where a row is predicted several times.
        groups: (m,) rows of a group depend on each other; None: independent rows.
        level: of confidence, in (0, 1).

    Raises:
        BadData: there are no rows, or `groups` has another length.
    """
    so = np.asarray(right, np.float64).reshape(-1)
    if not len(so):
        raise BadData("A share needs at least one row.")
    return wilson_of(float(so.mean()), effective_rows(so, units_of(len(so), groups)), level)


def share_difference(first: ArrayLike, second: ArrayLike, groups: ArrayLike | None = None) -> Interval:
    """The share of rows that one model has right (m,) less another's (m,) on the same rows; 95 % interval.

    Raises:
        BadData: there are no rows, or another number of them.
    """
    one, other = (np.asarray(right, np.float64).reshape(-1) for right in (first, second))
    if not len(one) or len(one) != len(other):
        raise BadData(f"A difference needs the same rows twice, not {len(one)} and {len(other)} of them.")
    more, units = one - other, units_of(len(one), groups)
    if not more.any():
        return Interval(0.0, 0.0, 0.0)
    estimate = jackknife(lambda weights: mean(more, weights), units, STEP)
    return with_discordant(estimate, more, np.array([float(units.rows)]), units)


def with_discordant(estimate: Jackknife, more: Floats, counts: Floats, units: Units) -> Interval:
    """The interval of a paired difference of shares: Student's, with rows added.

    As Agresti & Min (2005, doi:10.1002/sim.1781) and Bonett & Price (2012) do for shares, a part of a row, or
    group, is added that one model alone has right. The variance is at least the one that all classes would
    have if their rows differed alike: of a class with a single group nothing else is known.

    Args:
        estimate: of the difference.
        more: (n,) how much more right the first model is on each row, in [-1, 1].
        counts: rows of each class that the shares are means over; of all rows in a mean over rows.
        units: of the n rows.
    """
    harmonic = (1 / counts[counts > 0]).mean() / np.count_nonzero(counts)  # 1 / rows where all are equal
    pooled = float(np.square(units.sums(more - more.mean())).sum()) * harmonic / units.rows
    added = DISCORDANT[units.grouped] * units.size**2 * harmonic / units.rows
    half = float(np.sqrt(max(estimate.error**2, pooled) + added)) * units.t
    return Interval(estimate.value, max(-1.0, estimate.value - half), min(1.0, estimate.value + half))
