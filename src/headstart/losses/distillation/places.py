"""Outputs of blocks at the same number of places."""

from torch import Tensor

from headstart.core.inside import few_places


def same_places(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs (n, p, d) and (n, q, e) at min(p, q) places; neighbours are averaged."""
    count = min(one.shape[1], other.shape[1])
    return few_places(one, count), few_places(other, count)
