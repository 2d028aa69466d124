"""Variance, invariance and covariance of embeddings."""

from typing import NamedTuple

import torch
from torch import Tensor


class VICReg(NamedTuple):
    """The three terms of VICReg, () each."""

    invariance: Tensor
    variance: Tensor
    covariance: Tensor


def vicreg_terms(a: Tensor, b: Tensor) -> VICReg:
    """Unweighted terms of embeddings a and b (n, d) of two views of n >= 2 rows (arXiv:2105.04906).

    As in the authors' code: invariance is the mean over rows and dimensions of the squared difference,
    variance the mean over both views and all dimensions of max(0, 1 - standard deviation), and covariance
    the sum over both views of the squares beside the diagonal of the covariance matrix, over d.
    """
    a, b = a.float(), b.float()
    spreads = torch.cat([(z.var(0) + 1e-4).sqrt() for z in (a, b)])
    beside = [_beside(_covariance(z)).square().sum() / z.shape[1] for z in (a, b)]
    return VICReg((a - b).square().mean(), (1 - spreads).relu().mean(), torch.stack(beside).sum())


def _covariance(z: Tensor) -> Tensor:
    centred = z - z.mean(0)
    with torch.autocast(z.device.type, enabled=False):
        return centred.T @ centred / (len(z) - 1)


def _beside(square: Tensor) -> Tensor:
    """The entries (d * (d - 1),) beside the diagonal of a matrix (d, d)."""
    return square.flatten()[1:].view(len(square) - 1, len(square) + 1)[:, :-1].flatten()
