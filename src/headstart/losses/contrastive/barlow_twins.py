"""The cross-correlation of the embeddings of two views, which is to be the identity."""

import torch
from torch import Tensor


def barlow_twins(a: Tensor, b: Tensor, off_diagonal: float) -> Tensor:
    """Sum () of squared differences of the cross-correlation matrix from the identity (arXiv:2103.03230).

    Args:
        a: embeddings (n, d) of first views, n >= 2, of all processes.
        b: of the second views of the same rows.
        off_diagonal: weight of the entries beside the diagonal, >= 0.
    """
    first, second = (_standardised(z.float()) for z in (a, b))
    with torch.autocast(first.device.type, enabled=False):
        correlation = first.T @ second / len(first)
    own = correlation.diagonal()
    beside = correlation.square().sum() - own.square().sum()
    return (1 - own).square().sum() + off_diagonal * beside


def _standardised(z: Tensor) -> Tensor:
    """Each dimension with mean 0 and variance 1 over the rows."""
    return (z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt()
