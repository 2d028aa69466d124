"""Coverage of the target by the source: effective sample size of weights, and support."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput
from headstart.metrics._validation import array
from headstart.metrics.scored_outputs import Floats
from headstart.metrics.shift._validation import domains, squared_distances

BLOCK = 2**22  # distances in memory at once
ROUNDING = 1e-6  # of a distance, in units of the largest coordinate


class Support(NamedTuple):
    """Which target rows are within the support of the source."""

    share: float  # of the target rows, in [0, 1]; about `quantile` without shift
    radius: float  # quantile of the source's distances to the k-th neighbour
    inside: NDArray[np.bool_]  # (m,)


def support(source: Any, target: Any, k: int = 5, quantile: float = 0.95) -> Support:
    """Share of target rows that are as near to the source as source rows are to each other.

    A target row is inside if the distance to its k-th nearest source row is at most the radius: the quantile
    of the distances of source rows to their k-th nearest other source row. Weighting can't compensate for
    rows outside. In high dimensions distances are uninformative: use features of a model, or few columns.

    Args:
        source: (n, d), n > k.
        target: (m, d), m >= 1.
        k: the neighbour, >= 1.
        quantile: in (0, 1].

    Raises:
        BadData: either is no matrix of finite numbers, their widths differ, or n <= k.
        BadInput: `k` or `quantile` is out of range.
    """
    if k < 1 or not 0 < quantile <= 1:
        raise BadInput(f"support needs k >= 1 and a quantile in (0, 1], not {k!r} and {quantile!r}.")
    one, other = domains(source, target)
    if len(one) <= k:
        raise BadData(f"The distance to the {k}th other source row needs more than {len(one)} rows.")
    among = _to_neighbour(one, one, k + 1)  # the nearest neighbour is the row itself
    radius = float(np.quantile(among, quantile, method="inverted_cdf"))
    rounding = ROUNDING * float(np.abs(one - one.mean(0)).max())  # of identical rows
    inside = _to_neighbour(other, one, k) <= radius + rounding
    return Support(float(inside.mean()), radius, inside)


def _to_neighbour(rows: Floats, source: Floats, k: int) -> Floats:
    """Distances (rows,) to the k-th nearest row of `source`."""
    size = max(1, BLOCK // len(source))
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    near = [np.partition(squared_distances(part, source), k - 1)[:, k - 1] for part in parts]
    found: Floats = np.sqrt(np.concatenate(near))
    return found


def effective_sample_size(weights: Any) -> float:
    """Effective sample size of weighted rows, in [1, n]: (sum w)^2 / sum w^2 (Kish 1965).

    Args:
        weights: (n,) >= 0, one of them > 0. Their scale does not matter.

    Raises:
        BadData: they are not finite numbers >= 0 (n,), or none is > 0.
    """
    found = array(weights)
    if found.ndim != 1 or found.dtype.kind not in "fiu" or not (np.isfinite(found) & (found >= 0)).all():
        raise BadData(f"Weights must be finite numbers >= 0 (rows,), not {found.dtype} {found.shape}.")
    if not found.any():
        raise BadData("No weight is > 0; rows that count nothing are no sample.")
    wide = found.astype(np.float64) / found.max()
    return float(wide.sum() ** 2 / np.square(wide).sum())
