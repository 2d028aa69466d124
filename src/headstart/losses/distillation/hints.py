"""Matching what blocks of a teacher give (arXiv:1412.6550)."""

import torch
from torch import Tensor

from .places import same_places
from .soft_targets import precise


def hint_loss(projected: Tensor, teacher: Tensor) -> Tensor:
    """The mean squared distance (), relative to the mean square of what the teacher gives.

    The ratio makes blocks of different scales count alike; an output of zeros is divided by 1.

    Args:
        projected: what a block of the student gives, brought to the teacher's width (n, p, d).
        teacher: what a block of the teacher gives (n, q, d); where q is not p, that of more places is
            averaged to those of the other.
    """
    mine, theirs = same_places(precise(projected), precise(teacher).detach())
    scale = theirs.square().mean((1, 2))
    relative = (mine - theirs).square().mean((1, 2)) / torch.where(scale > 0, scale, torch.ones_like(scale))
    return relative.mean()
