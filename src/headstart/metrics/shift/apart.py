"""Area under the ROC curve of scores of two domains, with its confidence interval."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.metrics._validation import array
from headstart.metrics.scored_outputs import Floats
from headstart.metrics.shares import Interval, Z, wilson


def auc(source: Any, target: Any, source_groups: Any = None, target_groups: Any = None) -> Interval:
    """AUC: the probability that a target row has the higher score, with its 95 % interval; ties count half.

    The variance is that of DeLong, DeLong & Clarke-Pearson 1988 (doi:10.2307/2531595), the interval
    symmetric in the logit. Rows of a group are dependent (Obuchowski 1997, doi:10.2307/2533958): their
    contributions are summed first. If the domains separate perfectly, the interval is Wilson's for the
    number of rows of the smaller domain.

    Args:
        source: (n,) scores, n >= 1.
        target: (m,) scores, m >= 1.
        source_groups: (n,) the group of each row; None: all rows are independent.
        target_groups: (m,) likewise.

    Raises:
        BadData: they are not finite numbers (n,) and (m,).
    """
    one, other = _scores(source, "Source scores"), _scores(target, "Target scores")
    mine, theirs = 1 - _placed(one, other), _placed(other, one)
    value = float(theirs.mean())
    variance = _variance(mine, source_groups) + _variance(theirs, target_groups)
    if not 0 < value < 1 or variance == 0:
        few = min(_many(mine, source_groups), _many(theirs, target_groups))
        bounds = wilson(round(value * few), few)
        return Interval(value, min(value, bounds.low), max(value, bounds.high))
    if not math.isfinite(variance):
        return Interval(value, 0.0, 1.0)
    middle, half = math.log(value / (1 - value)), Z * math.sqrt(variance) / (value * (1 - value))
    return Interval(value, _share(middle - half), _share(middle + half))


def _placed(rows: Floats, among: Floats) -> Floats:
    """Share (rows,) of `among` below each value; ties count half."""
    ordered = np.sort(among)
    below, upto = np.searchsorted(ordered, rows, "left"), np.searchsorted(ordered, rows, "right")
    found: Floats = (below + upto) / (2 * len(among))
    return found


def _variance(placed: Floats, groups: Any) -> float:
    """Variance of the mean of `placed` (n,), clustered by groups; infinite if there is one group."""
    off = placed - placed.mean()
    if groups is not None:
        names: NDArray[np.intp] = np.unique(array(groups), return_inverse=True)[1].reshape(-1)
        off = np.bincount(names, weights=off)
    many = len(off)
    return math.inf if many < 2 else float(np.square(off).sum()) / len(placed) ** 2 * many / (many - 1)


def _many(placed: Floats, groups: Any) -> int:
    return len(placed) if groups is None else len(np.unique(array(groups)))


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-min(700.0, max(-700.0, logit))))


def _scores(values: Any, what: str) -> Floats:
    found = array(values)
    if found.ndim != 1 or not found.size or found.dtype.kind not in "fiub" or not np.isfinite(found).all():
        raise BadData(f"{what} must be one or more finite numbers (rows,), not {found.dtype} {found.shape}.")
    wide: Floats = found.astype(np.float64)
    return wide
