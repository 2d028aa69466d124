"""Matching where blocks of a teacher are active (arXiv:1612.03928)."""

from torch import Tensor
from torch.nn.functional import normalize

from .places import same_places
from .soft_targets import precise


def attention_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """The mean over rows of the squared distance () between attention maps of length 1.

    Args:
        student: activity (n, p, 1) >= 0 of a block at p places, as the mean over features of squares.
        teacher: likewise (n, q, 1); where q is not p, that of more places is averaged to those of the other.
    """
    mine, theirs = same_places(precise(student), precise(teacher).detach())
    return (normalize(mine.flatten(1)) - normalize(theirs.flatten(1))).square().sum(1).mean()
