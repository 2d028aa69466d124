"""Laplacian-adjusted maximum likelihood: predictions that agree with near neighbours (arXiv:2201.05718)."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

STEPS = 1000
CLOSE = 1e-8  # relative change of the energy at which it has converged


def neighbours(features: Tensor, k: int) -> Tensor:
    """Affinities (n, n) in {0, 1/2, 1}: the mean of "j is among the k nearest of i" and the reverse.

    Nearest by cosine of features (n, width), self excluded. With k rows or fewer all
    others are neighbours.
    """
    z = normalize(features.float(), dim=1)
    near = (z @ z.T).fill_diagonal_(-torch.inf)
    k = min(k, len(z) - 1)
    found = torch.zeros_like(near).scatter_(1, near.topk(k, dim=1).indices, 1.0)
    return (found + found.T) / 2


def energy(z: Tensor, logits: Tensor, affinity: Tensor) -> Tensor:
    """(): sum_i KL(z_i || softmax(logits_i)) - 1/2 sum_ij affinity_ij z_i . z_j, of z (n, c)."""
    gap = torch.xlogy(z, z) - z * logits.log_softmax(1)
    return gap.sum() - (z * (affinity @ z)).sum() / 2


def laplacian_adjusted(logits: Tensor, affinity: Tensor) -> Tensor:
    """Probabilities (n, c) that minimise `energy`, near the softmax of logits (n, c).

    Each step minimises an upper bound that is tight at the last z, in closed form; it is damped until
    the symmetric affinity (n, n) >= 0 is positive semidefinite, so the energy never rises. Without
    neighbours the result is the softmax.
    """
    p = logits.double().log_softmax(1)
    weight = affinity.double()
    damp = max(0.0, -float(torch.linalg.eigvalsh(weight)[0])) if len(weight) else 0.0
    z, before = p.exp(), torch.inf
    for _ in range(STEPS):
        z = ((p + weight @ z + damp * z.clamp_min(1e-300).log()) / (1 + damp)).softmax(1)
        now = float(energy(z, p, weight))
        if abs(before - now) <= CLOSE * abs(now):
            break
        before = now
    return z.to(logits.dtype)
