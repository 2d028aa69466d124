"""Measures of a set of embeddings that see a collapse: effective rank, spread, uniformity, alignment."""

import torch
from torch import Tensor
from torch.nn.functional import normalize, pdist

from headstart.core import BadData


def effective_rank(z: Tensor) -> float:
    """The exponential of the entropy of the singular values: RankMe (arXiv:2210.02885).

    It lies between 1, where all embeddings are multiples of one, and the smaller of n and d; where all
    are 0, it is 0.

    Args:
        z: (n, d), n >= 1.
    """
    values = torch.linalg.svdvals(_checked(z))
    total = values.sum()
    if total == 0:
        return 0.0
    share = values / total
    return float(torch.exp(-(share * share.clamp_min(torch.finfo(share.dtype).tiny).log()).sum()))


def feature_spread(z: Tensor) -> float:
    """The standard deviation of embeddings of unit length, the mean over their d columns.

    Of directions that are uniform it is sqrt(1/d), of a collapsed encoder 0 (arXiv:2011.10566).

    Args:
        z: (n, d), n >= 1.
    """
    return float(normalize(_checked(z), dim=1).std(0, correction=0).mean())


def uniformity(z: Tensor) -> float:
    """The logarithm of the mean of exp(-2 ||a - b||^2) over all pairs of embeddings of unit length.

    0 is a collapse, less is more uniform, at least -8 (arXiv:2005.10242).

    Args:
        z: (n, d), n >= 2; time and memory grow with the square of n.
    """
    if len(z) < 2:
        raise BadData(f"Uniformity is about pairs, and there are {len(z)} embeddings.")
    return float(pdist(normalize(_checked(z), dim=1)).square().mul(-2).exp().mean().log())


def alignment(a: Tensor, b: Tensor) -> float:
    """The mean squared distance of two views of each sample, as embeddings of unit length: 0 to 4.

    Args:
        a: (n, d), n >= 1 (arXiv:2005.10242).
        b: (n, d), another view of the same samples in the same order.
    """
    if a.shape != b.shape:
        raise BadData(f"Two views have the same shape, and these are {tuple(a.shape)}, {tuple(b.shape)}.")
    apart = normalize(_checked(a), dim=1) - normalize(_checked(b), dim=1)
    return float(apart.square().sum(1).mean())


def _checked(z: Tensor) -> Tensor:
    """Float64, of one embedding or more."""
    if z.ndim != 2 or not len(z):
        raise BadData(f"Embeddings are (n, d) with n >= 1, and these are {tuple(z.shape)}.")
    return z.double()
