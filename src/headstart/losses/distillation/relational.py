"""Matching distances and angles between the rows of a batch (arXiv:1904.05068)."""

import torch
from torch import Tensor
from torch.nn.functional import normalize, smooth_l1_loss

from .soft_targets import precise


def distance_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Huber's loss () between the distances of all pairs, each divided by the mean of those that are not 0.

    The mean is over all n^2 pairs of rows, a row with itself included, as in the authors' code.

    Args:
        student: features (n, d).
        teacher: features (n, e); the widths may differ.
    """
    mine, theirs = _distances(precise(student)), _distances(precise(teacher).detach())
    return smooth_l1_loss(mine, theirs)


def angle_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Huber's loss () between the cosines of the angles at each row of all triples, a mean over n^3.

    Args:
        student: features (n, d).
        teacher: features (n, e).
    """
    return smooth_l1_loss(_cosines(precise(student)), _cosines(precise(teacher).detach()))


def _distances(features: Tensor) -> Tensor:
    """(n, n): distances over their mean; of a batch of equal rows all 0."""
    squares = (features[:, None] - features[None]).square().sum(-1)
    apart = squares > 0
    found = torch.where(apart, squares, torch.ones_like(squares)).sqrt() * apart
    mean = found.sum() / apart.sum().clamp_min(1)
    return found / torch.where(mean > 0, mean, torch.ones_like(mean))


def _cosines(features: Tensor) -> Tensor:
    """(n, n, n): at row j the cosine of the angle between rows i and k."""
    towards = normalize(features[None] - features[:, None], dim=2)
    return towards @ towards.mT
