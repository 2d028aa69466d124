"""Means over rows that need not count alike."""

import torch
from torch import Tensor

from . import checks

LEAST = 1e-12  # of the largest weight: less does not count


def mean_of(values: Tensor, weights: Tensor | None = None) -> Tensor:
    """The mean (...) over the first axis of values (n, ...), each row times its weight (n,) >= 0.

    Without weights it is `values.mean(0)`, to the last bit. The scale of the weights does not matter.
    """
    if weights is None:
        return values.mean(0)
    counts = weights.to(values)
    found: Tensor = torch.tensordot(counts, values, 1) / counts.sum()
    return found


def amount(rows: int, weights: Tensor | None = None) -> float:
    """How many rows weights (n,) stand for: their sum, or `rows` where there are none."""
    return float(rows) if weights is None else float(weights.double().sum())


def counted(weights: Tensor, rows: int) -> Tensor:
    """Weights (n,) in float64, those of next to nothing raised to a millionth of a millionth of the largest.

    So every row can be divided by its weight again, and what it has no part in stays as it is.

    Raises:
        BadInput: they are not `rows` finite numbers >= 0, or they sum to nothing.
    """
    counts = checks.row_weights(weights, rows)
    return counts.clamp_min(LEAST * float(counts.max()))


def rooted(rows: Tensor, counts: Tensor | None) -> Tensor:
    """Rows (n, ...) times the root of what each counts: their squares then sum up as the weighted ones."""
    return rows if counts is None else rows * counts.sqrt().to(rows)[:, None]


def unrooted(rows: Tensor, counts: Tensor | None) -> Tensor:
    """The inverse of `rooted` for rows (p, n, k)."""
    return rows if counts is None else rows / counts.sqrt().to(rows)[:, None]


def lift(gram: Tensor, counts: Tensor | None) -> Tensor:
    """What lifts the intercept's axis of a Gram matrix (n, n) of centred rows above all others."""
    height = 2 * gram.trace() + 1
    if counts is None:
        return height / len(gram)
    axis = (counts / counts.sum()).sqrt().to(gram)
    return height * torch.outer(axis, axis)
