"""Weighted means over rows."""

import torch
from torch import Tensor

from . import checks

LEAST = 1e-12  # share of the largest weight below which weights are raised


def mean_of(values: Tensor, weights: Tensor | None = None) -> Tensor:
    """Weighted mean (...) over the first axis of values (n, ...), with weights (n,) >= 0.

    Without weights it is `values.mean(0)`, to the last bit. The scale of the weights does not matter.
    """
    if weights is None:
        return values.mean(0)
    counts = weights.to(values)
    found: Tensor = torch.tensordot(counts, values, 1) / counts.sum()
    return found


def amount(rows: int, weights: Tensor | None = None) -> float:
    """The total weight: the sum of weights (n,), or `rows` if None."""
    return float(rows) if weights is None else float(weights.double().sum())


def balanced(y: Tensor, weights: Tensor | None = None) -> Tensor:
    """Weights (n,) float64 of rows, times those given, that make all classes of y (n,) count the same.

    Their sum stays as it was: a row of class c gets n / (classes with rows * rows of c), as scikit-learn's
    `class_weight="balanced"`.
    """
    counts = torch.ones_like(y, dtype=torch.float64) if weights is None else weights.double()
    amounts = torch.zeros(int(y.max()) + 1, dtype=torch.float64, device=y.device).index_add_(0, y, counts)
    share = counts.sum() / (amounts > 0).sum() / torch.where(amounts > 0, amounts, 1)
    return counts * share[y]


def counted(weights: Tensor, rows: int) -> Tensor:
    """Check weights (n,), convert them to float64, and raise negligible ones to 1e-12 of the largest.

    So every row can be divided by its weight again, with a negligible effect on results.

    Raises:
        BadInput: they are not `rows` finite numbers >= 0, or they sum to 0.
    """
    counts = checks.row_weights(weights, rows)
    return counts.clamp_min(LEAST * float(counts.max()))


def rooted(rows: Tensor, counts: Tensor | None) -> Tensor:
    """Scale rows (n, ...) by the square roots of the weights, so that squares sum up weighted."""
    return rows if counts is None else rows * counts.sqrt().to(rows)[:, None]


def unrooted(rows: Tensor, counts: Tensor | None) -> Tensor:
    """The inverse of `rooted` for rows (p, n, k)."""
    return rows if counts is None else rows / counts.sqrt().to(rows)[:, None]


def lift(gram: Tensor, counts: Tensor | None) -> Tensor:
    """Shift that moves the intercept's eigenvalue of a centred Gram matrix (n, n) above all others."""
    height = 2 * gram.trace() + 1
    if counts is None:
        return height / len(gram)
    axis = (counts / counts.sum()).sqrt().to(gram)
    return height * torch.outer(axis, axis)
