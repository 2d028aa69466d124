"""Agreement of two representations of the same rows, and of two rankings of the same models."""

from typing import Any

import numpy as np

from headstart.core import BadData
from headstart.metrics._validation import array, matrix
from headstart.metrics.scored_outputs import Floats, Ints


def linear_cka(x: Any, y: Any) -> float:
    """Linear centred kernel alignment of two representations (arXiv:1905.00414), in [0, 1].

    1 if one is a rotation, translation or isotropic scaling of the other; 0 if no direction of one
    correlates with any of the other, or if one is constant.

    Args:
        x: features (n, d).
        y: features (n, e) of the same rows.

    Raises:
        BadData: NaN or infinity, other shapes, or different numbers of rows.
    """
    one, other = matrix(x), matrix(y)
    if len(one) != len(other):
        raise BadData(f"CKA compares features of the same rows, not {len(one)} and {len(other)} rows.")
    one, other = one - one.mean(0), other - other.mean(0)
    size = _alignment(one, one) * _alignment(other, other)
    return min(1.0, _alignment(one, other) / float(np.sqrt(size))) if size > 0 else 0.0


def _alignment(x: Floats, y: Floats) -> float:
    """The squared Frobenius norm of x' y, computed by the smaller products."""
    if x.shape[1] * y.shape[1] <= len(x) ** 2:
        return float(np.square(x.T @ y).sum())
    return float(((x @ x.T) * (y @ y.T)).sum())


def weighted_tau(scores: Any, accuracies: Any) -> float:
    """Kendall's tau with more weight on the top (Vigna 2015, doi:10.1145/2736277.2741088), in [-1, 1].

    A pair weighs 1/(r + 1) + 1/(s + 1) with r, s the ranks of its members from 0, and the result is the
    mean over ranking by scores and by accuracies, as the default of `scipy.stats.weightedtau`. 1 is the
    same order, -1 the reverse, about 0 no relation.

    Args:
        scores: (m,) of m >= 2 models.
        accuracies: (m,) of the same models.

    Raises:
        BadData: NaN or infinity, other shapes, one model, or all scores or accuracies equal.
    """
    one, other = _column(scores, "Scores"), _column(accuracies, "Accuracies")
    if len(one) != len(other) or len(one) < 2:
        raise BadData(f"Two orders need the same two models or more, not {len(one)} and {len(other)}.")
    for what, values in (("scores", one), ("accuracies", other)):
        if (values == values[0]).all():
            raise BadData(f"All {what} are equal, so that there is no order to compare.")
    return (_tau(one, other) + _tau(other, one)) / 2


def _tau(by: Floats, other: Floats) -> float:
    """Tau weighted by ranks from the largest `by`, with ties broken by `other`."""
    rank: Ints = np.empty(len(by), np.int64)
    rank[np.lexsort((other, by))[::-1]] = np.arange(len(by))
    weight = 1 / (rank + 1)
    pairs = weight[:, None] + weight
    here, there = (np.sign(values[:, None] - values) for values in (by, other))
    both = (pairs * np.square(here)).sum() * (pairs * np.square(there)).sum()
    return float((pairs * here * there).sum() / np.sqrt(both))


def _column(values: Any, what: str) -> Floats:
    found = array(values)
    if found.ndim != 1 or found.dtype.kind not in "fiub" or not np.isfinite(found).all():
        raise BadData(f"{what} must be finite numbers, one a model, not {found.dtype} {found.shape}.")
    wide: Floats = found.astype(np.float64)
    return wide
